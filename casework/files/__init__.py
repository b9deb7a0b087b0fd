"""What files are taken as: told by their content, cleaned of what a camera adds, piece by piece. Nothing is decoded."""

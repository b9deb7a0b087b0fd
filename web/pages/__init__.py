"""Pages for people: made on the server, usable without scripts, in Indonesian and English."""

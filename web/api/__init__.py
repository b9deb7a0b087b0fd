"""The JSON API: `/api/v1`, sign-in and health. The public contract is `docs/api.md`."""

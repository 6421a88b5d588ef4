"""An allotment garden: Django, its ORM, cookie sessions with CSRF tokens, slugs and UUIDs."""

from tests.target_app.administration.conftest import office, office_on, one_office, url

__all__ = ["office", "office_on", "one_office", "url"]

"""What the pages stand on, beside the services of the API."""

from dataclasses import dataclass

from target_app.controls.browser_policy import BrowserPolicy
from target_app.controls.form_token import FormTokens
from target_app.controls.page_session import PageSessions
from target_app.pages.service import SignInService


@dataclass(frozen=True)
class Pages:
    """Their controls and their one service."""

    policy: BrowserPolicy
    sessions: PageSessions
    tokens: FormTokens
    sign_in: SignInService

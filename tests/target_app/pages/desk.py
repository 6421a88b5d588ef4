"""Somebody at the pages, without a browser: a cookie, and forms as a browser sends them."""

import re
from collections.abc import Mapping
from http.cookies import Morsel, SimpleCookie

import httpx

from tests.target_app.administration.office import Office
from tests.target_app.app_client import HOST, PASSWORD

PAGES = "/moderation"
COOKIE = "moderation_session"
FROM_HERE: Mapping[str, str] = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


class Desk:
    """One browser's requests to the pages of one app."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.cookie = ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        """A page."""
        return self._sent("GET", path, headers)

    def token(self, path: str = "/users/1") -> str:
        """The token of the forms on a page."""
        found = TOKEN.search(self.get(path).text)
        assert found, f"no form on {path}"
        return found[1]

    def post(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] = FROM_HERE,
    ) -> httpx.Response:
        """A form, with the token that the pages give this browser unless another one is named."""
        given = self.token() if token is None else token
        return self._sent("POST", path, headers, {**(fields or {}), "form_token": given})

    def sign_in(self, name: str = "moderator", password: str = PASSWORD) -> httpx.Response:
        """The sign-in page and its form."""
        token = self.token("/sign-in")
        return self.post("/sign-in", {"email": f"{name}@example.test", "password": password}, token=token)

    def signed_in(self, name: str = "moderator") -> "Desk":
        """This desk, once somebody has signed in."""
        assert self.sign_in(name).status_code == 303
        return self

    def raw(self, path: str, content: bytes) -> httpx.Response:
        """Any bytes as a form."""
        return self._sent("POST", path, FROM_HERE, None, content)

    def out(self) -> bool:
        """Whether the pages take this browser for nobody's."""
        answer = self.get("/reports")
        return (answer.status_code, answer.headers.get("location")) == (303, "/moderation/sign-in")

    def _sent(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        fields: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        cookies = {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
        rest = {"content": content} if content is not None else {"data": fields} if fields else {}
        answer = self.office.app.call(method, PAGES + path, headers={**cookies, **headers}, **rest)
        set_cookie = morsel(answer)
        if set_cookie is not None:
            self.cookie = set_cookie.value
        return answer


def morsel(answer: httpx.Response) -> "Morsel[str] | None":
    """The session's cookie as an answer sets it."""
    return SimpleCookie(answer.headers.get("set-cookie", "")).get(COOKIE)

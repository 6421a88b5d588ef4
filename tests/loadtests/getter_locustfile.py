"""Any locustfile: a stock Locust user, and the load engine."""

from locust import FastHttpUser, task

from loadtests.extension import extend


class Getter(FastHttpUser):
    """Gets one page."""

    @task
    def get(self) -> None:
        """One request."""
        self.client.get("/page")


extend()

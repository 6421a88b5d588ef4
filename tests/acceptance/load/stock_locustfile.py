"""Locust as it comes: users at a rate each."""

import os

from locust import FastHttpUser, constant_throughput, task


class Getter(FastHttpUser):
    wait_time = constant_throughput(float(os.environ.get("EACH_PER_S", "1000000")))

    @task
    def get(self) -> None:
        self.client.get("/")

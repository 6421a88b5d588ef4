"""The garden's tables."""

import secrets
import uuid

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils.text import slugify


class Gardener(models.Model):
    """A person, beside Django's own user."""

    user = models.OneToOneField(User, on_delete=models.CASCADE)
    display_name = models.CharField(max_length=60)
    address = models.CharField(max_length=200, default="")
    balance_cents = models.BigIntegerField(default=5000)


class Plot(models.Model):
    """A piece of land."""

    owner = models.ForeignKey(Gardener, on_delete=models.CASCADE)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=60)
    note = models.TextField(default="")
    is_public = models.BooleanField(default=False)


class Bed(models.Model):
    """A part of a plot."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    plot = models.ForeignKey(Plot, on_delete=models.CASCADE)
    crop = models.CharField(max_length=60)
    diary = models.TextField(default="")


class Offer(models.Model):
    """Something for sale."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    seller = models.ForeignKey(Gardener, on_delete=models.CASCADE)
    title = models.CharField(max_length=100)
    price_cents = models.BigIntegerField()
    quantity = models.BigIntegerField()
    hidden = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)


class Order(models.Model):
    """A purchase."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    buyer = models.ForeignKey(Gardener, on_delete=models.CASCADE)
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE)
    quantity = models.BigIntegerField()
    total_cents = models.BigIntegerField()
    state = models.CharField(max_length=10, default="placed")


def enrol(email: str, password: str, display_name: str) -> Gardener:
    """A new gardener; raises IntegrityError where the address is taken."""
    with transaction.atomic():
        user = User.objects.create_user(username=email, email=email, password=password)
        return Gardener.objects.create(user=user, display_name=display_name)


def new_slug(name: str) -> str:
    """A readable part, and one that makes it the only one."""
    return f"{slugify(name) or 'plot'}-{secrets.token_hex(3)}"

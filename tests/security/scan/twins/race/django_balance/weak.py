from django.db import transaction

from bank.models import Account


def withdraw(pk, amount):
    account = Account.objects.get(pk=pk)
    if account.balance < amount:
        raise ValueError("not enough")
    account.balance = account.balance - amount
    account.save()

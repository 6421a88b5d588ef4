from django.db import transaction

from bank.models import Account


def withdraw(pk, amount):
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=pk)
        if account.balance < amount:
            raise ValueError("not enough")
        account.balance = account.balance - amount
        account.save()

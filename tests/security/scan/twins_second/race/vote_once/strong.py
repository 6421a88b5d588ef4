from polls.models import Vote


def vote(user, poll, choice):
    _, created = Vote.objects.get_or_create(user=user, poll=poll, defaults={"choice": choice})
    return created

from itsdangerous import URLSafeTimedSerializer

from accounts.settings import settings

serializer = URLSafeTimedSerializer(settings.secret)


def confirm(token):
    return serializer.loads(token, salt="confirm", max_age=3600)

import smtplib
import ssl


def send(message):
    context = ssl.create_default_context()
    with smtplib.SMTP("mail.example.com", 587, timeout=10) as server:
        server.starttls(context=context)
        server.send_message(message)

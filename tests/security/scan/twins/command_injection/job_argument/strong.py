import subprocess

from celery import shared_task


@shared_task
def transcode(filename):
    subprocess.run(["ffmpeg", "-i", "./" + filename, "out.mp4"], check=True)

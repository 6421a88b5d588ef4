import subprocess

from celery import shared_task


@shared_task
def transcode(filename):
    subprocess.run("ffmpeg -i %s out.mp4" % filename, shell=True, check=True)

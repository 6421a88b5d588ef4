from django.http import JsonResponse

from blog.models import Post


def posts(request):
    count = int(request.GET.get("count", 10))
    return JsonResponse({"posts": [post.title for post in Post.objects.all()[:count]]})

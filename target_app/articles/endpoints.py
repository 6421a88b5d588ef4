from fastapi import APIRouter, Response

from target_app.articles.schemas import (
    ArticleAnswer,
    ArticleQuery,
    ArticlesAnswer,
    ArticleUpdateBody,
    NewArticleBody,
    PageQuery,
    TagsAnswer,
)
from target_app.web.answers import json_answer
from target_app.web.errors import documented
from target_app.web.reading import described, read_body, read_query
from target_app.web.route import Route
from target_app.web.visit import Anyone, SignedIn

router = APIRouter(prefix="/api", route_class=Route)


@router.get(
    "/tags",
    tags=["tags"],
    openapi_extra=described(),
    responses={200: {"model": TagsAnswer}, **documented(401)},
)
async def list_tags(visit: Anyone) -> Response:
    """Tags of published articles, the most used first."""
    return json_answer({"tags": await visit.parts.articles.tags(visit.work)})


@router.get(
    "/articles",
    tags=["articles"],
    openapi_extra=described(query=ArticleQuery),
    responses={200: {"model": ArticlesAnswer}, **documented(401, 422)},
)
async def list_articles(visit: Anyone) -> Response:
    """Published articles; beyond Conduit, `sort` puts the most favorited first."""
    query = read_query(visit.request, ArticleQuery)
    return json_answer(await visit.parts.articles.page(visit.work, query, visit.viewer))


@router.get(
    "/articles/feed",
    tags=["articles"],
    openapi_extra=described(query=PageQuery, signed=True),
    responses={200: {"model": ArticlesAnswer}, **documented(401, 422)},
)
async def feed(visit: SignedIn) -> Response:
    """Published articles of the users whom the signed-in user follows."""
    query = read_query(visit.request, PageQuery)
    return json_answer(await visit.parts.articles.feed(visit.work, query, visit.viewer))


@router.post(
    "/articles",
    status_code=201,
    tags=["articles"],
    openapi_extra=described(body=NewArticleBody, signed=True),
    responses={201: {"model": ArticleAnswer}, **documented(401, 422)},
)
async def create_article(visit: SignedIn) -> Response:
    """Publish an article or keep a draft."""
    body = await read_body(visit.request, NewArticleBody)
    return json_answer({"article": await visit.parts.articles.create(visit.work, body.article, visit.viewer)}, 201)


@router.get(
    "/articles/{slug}",
    tags=["articles"],
    openapi_extra=described(),
    responses={200: {"model": ArticleAnswer}, **documented(401, 404, 422)},
)
async def get_article(visit: Anyone, slug: str) -> Response:
    """An article."""
    return json_answer({"article": await visit.parts.articles.one(visit.work, slug, visit.viewer)})


@router.put(
    "/articles/{slug}",
    tags=["articles"],
    openapi_extra=described(body=ArticleUpdateBody, signed=True),
    responses={200: {"model": ArticleAnswer}, **documented(401, 403, 404, 422)},
)
async def update_article(visit: SignedIn, slug: str) -> Response:
    """Change one's own article; a new title gives it a new slug."""
    body = await read_body(visit.request, ArticleUpdateBody)
    return json_answer({"article": await visit.parts.articles.update(visit.work, slug, body.article, visit.viewer)})


@router.delete(
    "/articles/{slug}",
    status_code=204,
    response_class=Response,
    tags=["articles"],
    openapi_extra=described(signed=True),
    responses=documented(401, 403, 404, 422),
)
async def delete_article(visit: SignedIn, slug: str) -> Response:
    """Delete one's own article."""
    await visit.parts.articles.delete(visit.work, slug, visit.viewer)
    return Response(status_code=204)


@router.post(
    "/articles/{slug}/favorite",
    tags=["favorites"],
    openapi_extra=described(signed=True),
    responses={200: {"model": ArticleAnswer}, **documented(401, 404, 422)},
)
async def favorite(visit: SignedIn, slug: str) -> Response:
    """Favorite an article."""
    return json_answer({"article": await visit.parts.articles.favorite(visit.work, slug, visit.viewer)})


@router.delete(
    "/articles/{slug}/favorite",
    tags=["favorites"],
    openapi_extra=described(signed=True),
    responses={200: {"model": ArticleAnswer}, **documented(401, 404, 422)},
)
async def unfavorite(visit: SignedIn, slug: str) -> Response:
    """Take a favorite back."""
    return json_answer({"article": await visit.parts.articles.unfavorite(visit.work, slug, visit.viewer)})

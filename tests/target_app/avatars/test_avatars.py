import asyncio
import hashlib
import os
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from target_app.avatars.cleaning import GRACE_S
from target_app.avatars.reencoding import SIDE
from tests.parts.pictures import encoded, png
from tests.parts.target import TargetServer
from tests.parts.templates import SqliteTemplates
from tests.target_app.app_client import errors
from tests.target_app.avatars.album import AVATAR, Album
from tests.target_app.openapi.served import sign_in


def opened(content: bytes) -> Image.Image:
    """A served picture."""
    return Image.open(BytesIO(content))


def test_an_avatar_stands_in_the_profile(either_album: Album) -> None:
    """It is served as what it is, to anyone, and gone when it is taken back."""
    album = either_album
    token = album.app.register("ann")
    path = album.show(token, png())
    assert album.image("ann") == path
    assert album.app.call("GET", "/api/user", token).json()["user"]["image"] == path
    answer = album.app.call("GET", path)
    assert answer.status_code == 200
    assert opened(answer.content).format == "WEBP"
    assert album.app.call("DELETE", AVATAR, token).status_code == 204
    assert album.image("ann") is None
    album.task("remove_pictures")
    assert album.app.call("GET", path).status_code == 404
    assert album.app.call("DELETE", AVATAR, token).status_code == 204


def test_a_browser_may_only_show_it(album: Album) -> None:
    """Whatever else a browser could take the file for is ruled out; a year of caching is not, but for a day."""
    answer = album.app.call("GET", album.show(album.app.register("ann"), png()))
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == 'inline; filename="avatar.webp"'
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "public, max-age=86400, immutable"


def test_a_picture_that_the_client_has_is_not_sent_again(album: Album) -> None:
    """The name is the content's: its tag is compared."""
    path = album.show(album.app.register("ann"), png())
    first = album.app.call("GET", path)
    digest = hashlib.sha256(first.content).hexdigest()
    assert path == f"/api/avatars/{digest}.webp"
    again = album.app.call("GET", path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", f'"{digest}"')
    assert album.app.call("GET", path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_the_middle_of_any_picture_is_kept(album: Album, kind: str) -> None:
    """A square of bounded size: the sides of a wide picture are cut off, the middle stays."""
    wide = Image.new("RGB", (1200, 400), "red")
    wide.paste("blue", (400, 0, 800, 400))
    path = album.show(album.app.register("ann"), encoded(wide, kind))
    shown = opened(album.app.call("GET", path).content)
    assert shown.size == (SIDE, SIDE)
    for place in ((5, 5), (SIDE // 2, SIDE // 2), (SIDE - 5, SIDE - 5)):
        red, green, blue = shown.convert("RGB").getpixel(place)  # type: ignore[misc]  # three numbers for RGB
        assert blue > 180 and red < 60 and green < 60  # noqa: PT018  # one colour


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "RGB", "RGBA"])
def test_every_kind_of_pixel_is_taken(album: Album, mode: str) -> None:
    """A small picture is not enlarged."""
    path = album.show(album.app.register("ann"), encoded(Image.new(mode, (20, 10)), "PNG"))
    assert opened(album.app.call("GET", path).content).size == (10, 10)


def test_nothing_but_pixels_is_kept(album: Album) -> None:
    """Where a picture was taken is nobody's business; its orientation is followed and forgotten."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"  # turned to the right; the maker
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    picture = Image.new("RGB", (200, 200), "white")
    picture.paste("black", (0, 0, 200, 100))
    content = encoded(picture, "JPEG", exif=exif, comment=b"secret", icc_profile=b"profile")
    answer = album.app.call("GET", album.show(album.app.register("ann"), content))
    shown = opened(answer.content)
    assert not shown.getexif()
    assert not {"exif", "icc_profile", "xmp", "comment"} & set(shown.info)
    assert not [word for word in (b"camera", b"secret", b"profile", b"EXIF", b"ICCP") if word in answer.content]
    left, right = (shown.convert("L").getpixel((x, 100)) for x in (20, 180))
    assert (left, right) == (255, 0)


def test_the_first_frame_of_an_animation_is_kept(album: Album) -> None:
    """Others are not even decoded."""
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "blue")]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    shown = opened(album.app.call("GET", album.show(album.app.register("ann"), content)).content)
    assert not getattr(shown, "is_animated", False)
    assert shown.convert("RGB").getpixel((25, 25))[0] > 200  # type: ignore[index]  # three numbers for RGB


def test_a_replaced_picture_is_deleted(either_album: Album) -> None:
    """Its file goes when nobody has it any more."""
    token = either_album.app.register("ann")
    first, second = (either_album.show(token, png(colour=colour)) for colour in ("red", "blue"))
    either_album.task("remove_pictures")
    assert either_album.files() == [second]
    assert either_album.app.call("GET", first).status_code == 404
    assert either_album.coming() == []


def test_a_picture_that_two_users_have_stays(either_album: Album) -> None:
    """Until both have dropped it; the same one again is no change."""
    ann, ben = (either_album.app.register(name) for name in ("ann", "ben"))
    path = either_album.show(ann, png())
    assert either_album.show(ben, png()) == either_album.show(ann, png()) == path
    either_album.task("remove_pictures")
    assert either_album.files() == [path]
    either_album.app.call("DELETE", AVATAR, ann)
    either_album.task("remove_pictures")
    assert either_album.image("ben") == path
    assert either_album.files() == [path]
    either_album.app.call("DELETE", AVATAR, ben)
    either_album.task("remove_pictures")
    assert either_album.files() == []


def test_uploads_and_deletions_at_once_leave_what_profiles_show(either_album: Album) -> None:
    """Users who drop and upload the same two pictures, while files are removed: what is shown is there."""
    album = either_album
    names = [f"user{number}" for number in range(6)]
    tokens = [album.app.register(name) for name in names]
    (remove,) = [task for task in album.app.app.state.parts.background._tasks if task.name == "remove_pictures"]

    async def user(number: int) -> None:
        for turn in range(4):
            files = {"avatar": ("a.png", png(colour=("red", "blue")[(number + turn) % 2]))}
            answer = await album.app.send("PUT", AVATAR, tokens[number], "127.0.0.9", {}, files=files)
            assert answer.status_code == 200, answer.text
            await remove.run()
            if (number + turn) % 3 == 0:
                await album.app.send("DELETE", AVATAR, tokens[number], "127.0.0.9", {})
                await remove.run()

    async def all_users() -> None:
        await asyncio.gather(*(user(number) for number in range(len(names))))

    album.app.run(all_users())
    album.task("remove_pictures")
    shown = {image for name in names if (image := album.image(name))}
    assert set(album.files()) == shown


def test_another_servers_image_outlives_the_avatar(album: Album) -> None:
    """A user who has set an image by its address keeps it when the avatar is deleted."""
    token = album.app.register("ann")
    album.show(token, png())
    album.app.call("PUT", "/api/user", token, json={"user": {"image": "http://there.test/i.png"}})
    album.app.call("DELETE", AVATAR, token)
    assert album.image("ann") == "http://there.test/i.png"


def grow_old(path: Path) -> None:
    """As if it had been written before any request of today."""
    before = path.stat().st_mtime - GRACE_S - 60
    os.utime(path, (before, before))


def test_what_was_left_behind_is_swept_up(either_album: Album) -> None:
    """Files that no row knows, and those that never came to be shown, once they are old; never a user's avatar."""
    album = either_album
    shown = album.show(album.app.register("ann"), png())
    folder = album.folder / "avatars"
    orphans = [folder / f"{number:064x}.webp" for number in range(3)] + [album.folder / "coming" / "half"]
    for path in orphans:
        path.write_bytes(b"left")
    for path in (folder / shown.rpartition("/")[2], *orphans[1:]):
        grow_old(path)
    album.task("sweep_pictures")
    assert album.files() == sorted([f"/api/avatars/{orphans[0].name}", shown])
    assert album.coming() == []


def test_a_sweep_before_the_first_upload(album: Album) -> None:
    """There is no folder yet, and nothing to do."""
    album.task("sweep_pictures")
    assert album.files() == []


def test_a_failed_upload_leaves_nothing(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a file nor another image in the profile; a full disk is a 503."""
    token = album.app.register("ann")
    before = album.show(token, png(colour="red"))

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(album.app.app.state.parts.uploads.avatars._files, "show", full)
    answer = album.put(token, png(colour="blue"))
    assert (answer.status_code, errors(answer)) == (503, {"storage": ["is not available"]})
    assert album.image("ann") == before
    assert album.coming() == []
    assert album.files() == [before]


def test_pictures_wait_in_a_bounded_queue(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds it full is told to come back."""
    token = album.app.register("ann")
    monkeypatch.setattr(album.app.app.state.parts.uploads.threads, "_limit", 0)
    answer = album.put(token, png())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_workers_share_their_pictures(
    start_target: Callable[..., TargetServer], seeded: SqliteTemplates, tmp_path: Path
) -> None:
    """What one worker has taken, any of them serves, deletes and misses."""
    url = seeded.copy(tmp_path, password_hash="sha256", articles=50)
    server = start_target("hardened,password_hash=sha256", url, workers=2)
    headers = {"Authorization": f"Token {sign_in(server.url, 'reader0001', 1)}", "Connection": "close"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
        path = client.put(AVATAR, files={"avatar": ("me.png", png())}).json()["avatar"]["image"]
        assert {client.get(path).status_code for _ in range(12)} == {200}
        assert client.delete(AVATAR).status_code == 204
        for _ in range(200):
            if client.get(path).status_code == 404:
                break
            time.sleep(0.02)
        assert {client.get(path).status_code for _ in range(12)} == {404}

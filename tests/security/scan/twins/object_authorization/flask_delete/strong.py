from flask import Flask, abort
from flask_login import current_user, login_required

from app.models import Note, database

app = Flask(__name__)


@app.delete("/notes/<int:note_id>")
@login_required
def delete(note_id):
    note = Note.query.get_or_404(note_id)
    if note.owner_id != current_user.id:
        abort(404)
    database.session.delete(note)
    database.session.commit()
    return "", 204

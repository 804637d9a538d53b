"""What both servers over HTTP stand behind: who may come in, and how long somebody may take."""

"""Git's repositories over HTTP, to those who have a bearer token (RFC 6750).

The configuration is a file: the folder of the repositories, the server's certificate and key, and the token. The port is the first
line that is printed; then a line for each request: the scheme of its authorization.
"""

import http.server
import json
import os
import ssl
import subprocess
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    CONFIG = json.load(file)


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        given = self.headers.get("Authorization", "none")
        print(given.split(" ")[0], flush=True)
        if given != f"Bearer {CONFIG['token']}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Bearer realm="a test"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        # git-http-backend(1) is a CGI program (RFC 3875).
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        variables = {
            "GIT_PROJECT_ROOT": CONFIG["folder"],
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], env=os.environ | variables, input=body, stdout=subprocess.PIPE, check=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split(" ")[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(CONFIG["cert"], CONFIG["key"])
server.socket = tls.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()

"""nmf fetch against a server of this test's own: what the person at the keyboard sees when there is
no network, no such file or another file, and that nothing is left where the data would be."""

import contextlib
import hashlib
import http.server
import os
import socket
import threading

import command_test

NOT_FACES = b"These bytes are not the Olivetti faces.\n" * 100


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/olivettifaces.mat":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(NOT_FACES)))
        self.end_headers()
        self.wfile.write(NOT_FACES)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield "http://127.0.0.1:%d" % server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fails(work, arguments, *words):
    result = command_test.run("nmf fetch olivetti -o olivetti.npy " + arguments, work)
    assert result.returncode == 1, "exit code %d: %s" % (result.returncode, result.stderr)
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("nmf fetch: "), result.stderr
    for word in words:
        assert word in lines[0], "no %s in: %s" % (word, lines[0])
    assert "olivetti.npy" not in command_test.snapshot(work)


def another_file_is_refused_by_its_checksum():
    with serving() as url, command_test.scratch() as work:
        fails(work, "--url %s/olivettifaces.mat" % url, hashlib.sha256(NOT_FACES).hexdigest()[:8])


def right_checksum_of_something_else_is_refused_too():
    with serving() as url, command_test.scratch() as work:
        fails(work, "--url %s/olivettifaces.mat --sha256 %s" % (
            url, hashlib.sha256(NOT_FACES).hexdigest()))


def missing_file_on_the_server_is_a_sentence():
    with serving() as url, command_test.scratch() as work:
        fails(work, "--url %s/elsewhere.mat" % url, "404")


def no_server_is_a_sentence():
    with socket.socket() as unused, command_test.scratch() as work:
        unused.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        fails(work, "--url http://127.0.0.1:%d/olivettifaces.mat" % unused.getsockname()[1],
              "127.0.0.1")


def missing_local_file_is_a_sentence():
    with command_test.scratch() as work:
        fails(work, "--from nowhere.mat", "nowhere.mat", "No such file")


def real_file_becomes_the_data_of_the_demo():
    data = os.environ.get("NMFKIT_TEST_DATA", "")
    source = os.path.join(data, "olivetti", "olivettifaces.mat")
    if not data or not os.path.exists(source):
        return "NMFKIT_TEST_DATA has no olivetti/olivettifaces.mat"
    with command_test.scratch() as work:
        result = command_test.run("nmf fetch olivetti --from '%s' && nmf demo" % source, work)
        assert result.returncode == 0, result.stderr
        assert "400 Olivetti faces, 4096 features (64 x 64 pixels)" in result.stdout, result.stdout
    return None


command_test.main([another_file_is_refused_by_its_checksum,
                   right_checksum_of_something_else_is_refused_too,
                   missing_file_on_the_server_is_a_sentence, no_server_is_a_sentence,
                   missing_local_file_is_a_sentence, real_file_becomes_the_data_of_the_demo])

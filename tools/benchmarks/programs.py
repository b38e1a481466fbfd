"""programs.py - real programs from Debian with a request for each

What tools/bench starts cold and restores: how it is started, when it is ready,
and the first request and what has to come back.
"""
import pathlib
import shutil
import socket
import subprocess


class Program:
    """One that reads its requests from standard input, or listens on a port."""

    def __init__(self, name, command, request, answer, ready="stdin",
                 carry="all", port=None, prepare=None):
        self.name, self.command, self.ready = name, command, ready
        self.request, self.answer = request.encode(), answer.encode()
        self.carry, self.port, self.prepare = carry, port, prepare

    def is_there(self):
        return shutil.which(self.command[0]) is not None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def write(path, text):
    pathlib.Path(path).write_text(text)


def compile_java():
    write("S.java", "public class S { public static void main(String[] a) "
          "throws Exception { java.util.Scanner s = new java.util.Scanner("
          "System.in); while (s.hasNextLine()) System.out.println("
          "s.nextLine().length()); } }")
    subprocess.run(["javac", "S.java"], check=True)


def make_database():
    subprocess.run(["sqlite3", "s.db", "create table if not exists t(x); "
                    "insert into t values(42);"], check=True)


def stdin_programs():
    return [
        Program("perl", ["perl", "-MJSON::PP", "-ne", "print eval, qq(\\n);"
                         "BEGIN { $| = 1 }"], "6 * 7\n", "42\n"),
        Program("ruby", ["ruby", "-rjson", "-rset", "-e",
                         "STDIN.each_line { |l| puts eval(l); "
                         "STDOUT.flush }"], "6 * 7\n", "42\n"),
        Program("guile", ["guile-3.0", "--no-auto-compile", "-c",
                          "(use-modules (ice-9 rdelim) (srfi srfi-1)) "
                          "(let loop ((l (read))) (if (not (eof-object? l)) "
                          "(begin (display (* 7 l)) (newline) (force-output) "
                          "(loop (read)))))"], "6\n", "42\n"),
        Program("node", ["node", "-e", "require('crypto'); require('http'); "
                         "process.stdin.on('data', d => "
                         "console.log(eval(d.toString())))"],
                "6 * 7\n", "42\n"),
        Program("java", ["java", "-XX:-UsePerfData", "-XX:+UseSerialGC",
                         "-Xmx64m", "S"], "x" * 42 + "\n", "42\n",
                prepare=compile_java),
        Program("emacs", ["emacs", "-Q", "--batch", "--eval",
                          "(while t (princ (eval (read (read-string \"\")))) "
                          "(terpri))"], "(* 6 7)\n", "42\n"),
        Program("sbcl", ["sbcl", "--noinform", "--eval",
                         "(loop (format t \"~a~%\" (eval (read))) "
                         "(finish-output))"], "(* 6 7)\n", "42\n"),
        Program("numpy", ["/usr/bin/python3", "-c",
                          "import numpy, sys\nfor l in sys.stdin: "
                          "print(int(numpy.arange(int(l)).sum()), "
                          "flush=True)"], "10\n", "45\n"),
        Program("sqlite3", ["sqlite3", "-readonly", "s.db"],
                "select x from t limit 1;\n", "42\n", prepare=make_database),
    ]


def servers():
    ports = [free_port() for _ in range(5)]
    write("redis.conf", f"port {ports[0]}\nbind 127.0.0.1\nsave \"\"\n"
          "appendonly no\ndaemonize no\n")
    write("index.html", "a page\n")
    here = pathlib.Path().absolute()
    write("nginx.conf", "master_process off; daemon off; pid pid; "
          "error_log stderr; events {} http { access_log off; "
          "client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; "
          "uwsgi_temp_path u; scgi_temp_path s; server { listen 127.0.0.1:"
          f"{ports[1]}; root {here}; }} }}")
    write("lighttpd.conf", f"server.document-root = \"{here}\"\n"
          f"server.port = {ports[2]}\nserver.bind = \"127.0.0.1\"\n"
          "index-file.names = (\"index.html\")\n")
    asyncio = ("import asyncio\n"
               "async def handle(r, w):\n"
               " w.write(b'echo ' + await r.readline())\n"
               " await w.drain()\n"
               " w.close()\n"
               "async def main():\n"
               " s = await asyncio.start_server(handle, '127.0.0.1', "
               f"{ports[4]})\n"
               " print('listening', flush=True)\n"
               " await s.serve_forever()\n"
               "asyncio.run(main())\n")
    page = "GET / HTTP/1.0\r\n\r\n"
    return [
        Program("redis-server", ["redis-server", "redis.conf"], "PING\r\n",
                "+PONG\r\n", "output:Ready to accept", port=ports[0]),
        Program("nginx", ["nginx", "-e", "stderr", "-p", str(here), "-c",
                          "nginx.conf"], page, "a page\n", "after:1",
                port=ports[1]),
        Program("lighttpd", ["lighttpd", "-D", "-f", "lighttpd.conf"], page,
                "a page\n", "after:1", port=ports[2]),
        Program("memcached", ["memcached", "-u", "root", "-l", "127.0.0.1",
                              "-U", "0", "-t", "4", "-p", str(ports[3])],
                "get x\r\n", "END\r\n", "after:1", port=ports[3]),
        Program("python3 asyncio", ["/usr/bin/python3", "-c", asyncio],
                "hi\n", "echo hi\n", "output:listening", port=ports[4]),
    ]

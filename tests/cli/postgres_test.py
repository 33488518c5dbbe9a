"""Table inputs from a real PostgreSQL, which the test starts on a Unix socket."""
import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

PARLEY = os.environ["PARLEY_BIN"]
HAS_POSTGRES = os.environ.get("PARLEY_POSTGRES", "ON") not in ("OFF", "0", "FALSE", "NO")
PASSWORD = "s3cr3t-of-the-reader"
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(("PG", "PARLEY_DATABASE")) and name not in
         ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GENAI_MODEL_ID")}
LIMIT = 120

SCHEMA = f"""
CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}';
CREATE TABLE customers (id integer PRIMARY KEY, name text, score numeric, open boolean, extra jsonb, photo bytea, at date);
INSERT INTO customers VALUES
  (1, 'Ada', 1.5, true, '{{"vip": true}}', '\\x00ff', '2026-01-02'),
  (2, 'Bob "; DROP TABLE customers; --', 2, false, NULL, NULL, NULL),
  (3, 'Ćy | x', 12345678901234567890.5, true, '[1, 2]', NULL, NULL);
CREATE SCHEMA "odd name";
CREATE TABLE "odd name"."Things" (what text);
INSERT INTO "odd name"."Things" VALUES ('a thing');
CREATE VIEW open_customers AS SELECT name FROM customers WHERE open;
CREATE VIEW slow AS SELECT pg_sleep(100)::text AS nap;
CREATE TABLE queue (id bigint PRIMARY KEY, job text);
INSERT INTO queue VALUES (1, 'first'), (2, 'second'), (3, 'third');
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
GRANT DELETE ON queue TO reader;
"""


class Server:
    """initdb refuses root: then it runs as postgres, or as nobody."""

    def __init__(self):
        tools = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        found = tools[-1] if tools else shutil.which("initdb")
        if not found:
            raise AssertionError("PostgreSQL's server is not installed: scripts/setup test")
        self.tools = os.path.dirname(found)
        self.as_user = {}
        self.folder = tempfile.mkdtemp(prefix="parley-pg-", dir="/tmp")  # a socket's path must be short
        if os.geteuid() == 0:
            names = {one.pw_name: one for one in pwd.getpwall()}
            user = names.get("postgres") or names["nobody"]
            self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        password = os.path.join(self.folder, "password")
        Path(password).write_text("owner\n", encoding="utf-8")
        os.chmod(password, 0o644)
        self.data = os.path.join(self.folder, "data")
        self.run("initdb", "-D", self.data, "-U", "owner", "--auth=scram-sha-256", f"--pwfile={password}", "-E", "UTF8",
                 "--no-sync")
        self.run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.folder, "log"), "-o",
                 f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c fsync=off", "start")
        self.sql(SCHEMA)

    def run(self, tool, *words, **more):
        done = subprocess.run([os.path.join(self.tools, tool), *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, timeout=LIMIT, cwd=self.folder, check=False, **self.as_user, **more)
        if done.returncode:
            raise AssertionError(f"{tool}: {done.stderr}")

    def sql(self, text):
        done = subprocess.run([os.path.join(self.tools, "psql"), "-h", self.folder, "-U", "owner", "-d", "postgres", "-X", "-q", "-At",
                               "-v", "ON_ERROR_STOP=1"], input=text, capture_output=True, text=True, timeout=LIMIT,
                              env={**CLEAN, "PGPASSWORD": "owner"}, check=False)
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder)


@unittest.skipUnless(HAS_POSTGRES, "built without PARLEY_POSTGRES")
class Postgres(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        cls.url = f"postgresql://reader:{PASSWORD}@/postgres?host={cls.server.folder}"

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)

    def narrate(self, table, *words, verb="run", env=None, database="postgres:shop"):
        file = self.path / "n.toml"
        file.write_text(f'narrative.database = "{database}"\n[[acts.a.input]]\ntype = "table"\n{table}\n', encoding="utf-8")
        more = [] if verb == "check" else ["--offline", "--state-dir", str(self.path / "state")]
        done = subprocess.run([PARLEY, "narrate", verb, str(file), *words, *more], capture_output=True, text=True,
                              timeout=LIMIT, cwd=self.path, check=False,
                              env={**CLEAN, "PARLEY_DATABASE_SHOP": self.url, **(env or {})})
        self.assertNotIn(PASSWORD, done.stdout + done.stderr)
        for record in self.path.glob("state/runs/*.jsonl"):
            self.assertNotIn(PASSWORD, record.read_text(encoding="utf-8"))
        return done

    def rows(self, table, *words, **more):
        done = self.narrate(table, *words, **more)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        record = json.loads(done.stdout.splitlines()[-1])["record"]
        told = [entry["text"] for line in Path(record).read_text(encoding="utf-8").splitlines()
                if (entry := json.loads(line)).get("what") == "table"]
        return told[0].split("\n", 1)[1]

    def error(self, table, *words, **more):
        done = self.narrate(table, *words, **more)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stdout + done.stderr

    def test_rows_are_read_by_their_types(self):
        rows = json.loads(self.rows('name = "customers"\norder_by = "id"'))
        self.assertEqual(rows[0], {"id": 1, "name": "Ada", "score": 1.5, "open": True, "extra": {"vip": True},
                                   "photo": "AP8=", "at": "2026-01-02"})
        self.assertEqual(rows[1]["extra"], None)
        self.assertEqual(rows[2]["score"], "12345678901234567890.5", "no digit is lost")
        self.assertEqual(rows[2]["name"], "Ćy | x")

    def test_rows_are_chosen_ordered_and_limited(self):
        for table, names in (
                ('where = { open = "true" }\norder_by = "name desc"', ["Ćy | x", "Ada"]),
                ('where = { id = "2" }', ['Bob "; DROP TABLE customers; --']),
                ('where = "score < 2.5 AND open"', ["Ada"]),
                ('order_by = "id"\nlimit = 1\noffset = 1', ['Bob "; DROP TABLE customers; --'])):
            with self.subTest(table):
                rows = json.loads(self.rows(f'name = "customers"\ncolumns = ["name"]\n{table}'))
                self.assertEqual(sorted(row["name"] for row in rows), sorted(names))
        self.assertEqual(len(json.loads(self.rows('name = "customers"\nsample = 2'))), 2)
        self.assertEqual(self.rows('name = "open_customers"\nformat = "csv"\nwhere = { name = "Ada" }').strip().splitlines(),
                         ["name", "Ada"])
        self.server.sql('GRANT USAGE ON SCHEMA "odd name" TO reader; GRANT SELECT ON "odd name"."Things" TO reader;')
        self.assertIn("a thing", self.rows('name = "odd name.Things"'))

    def test_values_are_bound_and_names_looked_up(self):
        self.assertEqual(json.loads(self.rows('name = "customers"\nwhere = { name = "x\' OR \'1\'=\'1" }')), [])
        self.assertIn("has no column nam, did you mean name?", self.error('name = "customers"\ncolumns = ["nam"]'))
        self.assertIn("there is no table customer, did you mean customers?", self.error('name = "customer"'))
        self.assertIn("there is no table", self.error('name = "customers\\"; DROP TABLE queue; --"'))
        self.assertEqual(self.server.sql("SELECT count(*) FROM customers"), "3\n")

    def test_a_condition_can_do_nothing_but_read(self):
        self.server.sql("""CREATE OR REPLACE FUNCTION eat() RETURNS boolean LANGUAGE plpgsql AS
                           $$ BEGIN DELETE FROM queue; RETURN true; END $$;""")
        self.assertIn("read-only transaction", self.error('name = "customers"\nwhere = "eat()"'))
        self.assertIn("syntax error", self.error('name = "customers"\nwhere = "true); DELETE FROM queue; --"'))
        self.assertEqual(self.server.sql("SELECT count(*) FROM queue"), "3\n")

    def test_rows_are_deleted_only_where_it_is_allowed(self):
        job = 'name = "queue"\norder_by = "id"\nlimit = 1\npull_and_delete = true'
        self.assertIn("pull_and_delete is not allowed here; nothing was read", self.error(job))
        self.assertEqual(self.server.sql("SELECT count(*) FROM queue"), "3\n")
        self.assertEqual(json.loads(self.rows(job, "--allow-delete")), [{"id": 1, "job": "first"}])
        self.assertEqual(self.server.sql("SELECT id FROM queue ORDER BY id"), "2\n3\n")
        self.assertIn("needs a primary key of one whole number",
                      self.error('name = "open_customers"\npull_and_delete = true', "--allow-delete"))
        self.server.sql("INSERT INTO queue VALUES (1, 'first')")

    def test_what_the_server_refuses_is_told(self):
        self.server.sql("CREATE TABLE hidden (a integer)")
        self.assertIn("permission denied for table hidden", self.error('name = "hidden"'))

    def test_connections_are_named_and_stay_secret(self):
        table = 'name = "customers"'
        self.assertIn("the variable PARLEY_DATABASE_OTHER_ONE with its connection string is not set",
                      self.error(table, database="postgres:other-one"))
        wrong = self.url.replace("/postgres?", "/nowhere?")
        self.assertIn('database "nowhere" does not exist', self.error(table, env={"PARLEY_DATABASE_SHOP": wrong}))
        wrong = self.url.replace("reader:", "nobody:")
        self.assertIn("password authentication failed", self.error(table, env={"PARLEY_DATABASE_SHOP": wrong}))
        told = self.error(table, env={"PARLEY_DATABASE_SHOP": f"{PASSWORD} is no connection string"})
        self.assertIn("its connection string cannot be read", told)
        nobody = f"postgresql://reader:{PASSWORD}@/postgres?host={self.path}"
        self.assertIn("No such file or directory", self.error(table, env={"PARLEY_DATABASE_SHOP": nobody}))

    def test_the_configuration_names_the_variable(self):
        (self.path / "parley.toml").write_text('[databases.shop]\nurl_env = "SHOP_URL"\n', encoding="utf-8")
        done = self.narrate('name = "customers"', env={"PARLEY_DATABASE_SHOP": "", "SHOP_URL": self.url})
        self.assertEqual(done.returncode, 0, done.stderr)

    # The loop goes on meanwhile, and Ctrl-C ends what is waited for.

    def start(self, table, url):
        file = self.path / "two.toml"
        file.write_text('[narrative]\nhistory = "none"\ndatabase = "postgres:shop"\n[[acts.rows.input]]\ntype = "table"\n'
                        f'name = "{table}"\n[acts.beside]\ninput = "repeat: beside"\n', encoding="utf-8")
        process = subprocess.Popen([PARLEY, "narrate", "run", str(file), "--offline", "--state-dir", str(self.path / "state")],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.path,
                                   env={**CLEAN, "PARLEY_DATABASE_SHOP": url})
        self.addCleanup(process.wait, LIMIT)
        self.addCleanup(process.kill)
        return process

    def told_beside(self, process):
        for line in process.stdout:
            told = json.loads(line)
            if told.get("act") == "beside" and told["status"] == "done":
                return
        self.fail("the other act did not end while the rows were read")

    def interrupt(self, process):
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=LIMIT)
        self.assertEqual(process.returncode, 130, errors)
        self.assertEqual(json.loads(out.splitlines()[-1])["status"], "cancelled")

    def wait_for_queries(self, some):
        wanted = "NOT" if some else ""
        self.server.sql(f"""DO $$ BEGIN WHILE {wanted} EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'reader' AND state = 'active'
                            AND query LIKE '%nap%') LOOP PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$""")

    def test_a_slow_query_holds_nobody_up_and_is_cancelled_on_the_server(self):
        process = self.start("slow", self.url)
        self.told_beside(process)
        self.wait_for_queries(True)
        self.interrupt(process)
        self.wait_for_queries(False)

    def test_a_server_that_says_nothing_ends_at_its_time_or_with_ctrl_c(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"host=127.0.0.1 port={silent.getsockname()[1]} user=x password={PASSWORD}"
            process = self.start("any", url)
            self.told_beside(process)
            with silent.accept()[0]:
                self.interrupt(process)
            told = self.error('name = "any"', env={"PARLEY_DATABASE_SHOP": url + " connect_timeout=1"})
            self.assertIn("database shop: no connection within 1 seconds", told)

    def test_a_connection_string_in_the_file_is_a_mistake(self):
        done = self.narrate('name = "customers"', verb="check", database=self.url)
        self.assertEqual(done.returncode, 2)
        self.assertIn("n.toml:1:22: error: narrative n: a connection string does not belong into the file", done.stdout)
        self.assertIn("[secret]", done.stdout)
        self.assertIn("[bad_name]", self.narrate('name = "x"', verb="check", database="postgres:a b").stdout)


if __name__ == "__main__":
    unittest.main()

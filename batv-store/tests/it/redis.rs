//! A real server: gone, slow, restarted, closed to us, and with strange things in it.

use core::time::Duration;
use std::fs;
use std::thread;

use batv_store::redis::{Redis, Settings};
use batv_store::{Answer, Error, Guarded, Operation, Patience, Share, Store, Table};
use batv_tests::host::wait_for;

use crate::place::{NOW, answers, count, get, key, outcome, put, value};
use crate::server::{Server, Serves as _};

/// More than the time after which a connection is checked.
const IDLE: Duration = Duration::from_millis(1_200);

fn open(settings: &Settings) -> Redis {
    Redis::new(settings).unwrap()
}

/// Little, so that the tests are quick; but enough for a server that is only busy.
fn patience() -> Patience {
    let mut patience = Patience::default();
    patience.answer = Duration::from_millis(500);
    patience.pause = Duration::from_millis(20);
    patience.longest_pause = Duration::from_millis(100);
    patience
}

fn one() -> Vec<Operation> {
    vec![count(1, 1, NOW + 9)]
}

/// Asks until there is an answer.
fn recovered(store: &dyn Store) -> Vec<Answer> {
    wait_for("answer", || outcome(store, one(), NOW).ok())
}

/// Asks until the store is known to be down.
fn refused<S: Store>(store: &Guarded<S>) -> Vec<Error> {
    let mut errors = Vec::new();
    while errors.last() != Some(&Error::Unavailable) {
        errors.extend(outcome(store, one(), NOW).err());
    }
    errors
}

#[test]
fn a_server_that_is_killed_is_refused_at_once_and_used_again_when_it_is_back() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = Guarded::new(server.store(), patience());
    assert_eq!(answers(&store, one(), NOW), [Answer::Total(1)]);
    for round in 0..3 {
        server.kill();
        let errors = refused(&store);
        assert!(errors.iter().any(|error| matches!(error, Error::Failed { .. })), "{errors:?}");
        let health = store.health();
        assert!(!health.up && health.failures > 0 && health.refused > 0, "{health:?}");
        server.start_again();
        let Some(Answer::Total(total)) = recovered(&store).pop() else { panic!("no total") };
        // What failed may have been done, though not more than once.
        assert!(total >= 2 + round && u64::from(total) <= 1 + store.health().batches, "{total}");
        assert!(store.health().up);
    }
}

#[test]
fn a_server_that_says_nothing_costs_one_wait_and_is_used_again_when_it_speaks() {
    let server = Server::start(&[]);
    let store = Guarded::new(server.store(), patience());
    assert_eq!(answers(&store, one(), NOW), [Answer::Total(1)]);
    server.pause();
    let limit = patience().answer;
    assert_eq!(refused(&store), [Error::TimedOut { limit }, Error::Unavailable]);
    assert_eq!(store.health().last_error, Some(Error::TimedOut { limit }));
    server.go_on();
    recovered(&store);
    assert!(store.health().up);
}

#[test]
fn many_who_wait_for_a_server_that_says_nothing_all_get_an_answer() {
    let server = Server::start(&[]);
    let store = Guarded::new(server.store(), patience());
    answers(&store, one(), NOW);
    server.pause();
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..500).map(|_| scope.spawn(|| outcome(&store, one(), NOW))).collect();
        assert!(waiting.into_iter().all(|waiting| waiting.join().unwrap().is_err()));
    });
    server.go_on();
    recovered(&store);
}

#[test]
fn without_a_guard_too_a_server_that_says_nothing_is_given_up() {
    let server = Server::start(&[]);
    let store = server.store();
    answers(&store, one(), NOW);
    server.pause();
    assert!(matches!(outcome(&store, one(), NOW), Err(Error::Failed { .. })));
    server.go_on();
    recovered(&store);
}

/// After a failover the name leads to another, and the one that was there keeps its connections.
#[test]
fn a_server_that_only_reads_any_more_is_left_for_the_one_in_its_place() {
    let (first, second) = (Server::start(&[]), Server::start(&[]));
    let store = first.store();
    assert_eq!(answers(&store, one(), NOW), [Answer::Total(1)]);
    assert_eq!(first.tell("REPLICAOF 127.0.0.1 1"), "+OK\r\n");
    fs::rename(second.socket(), first.socket()).unwrap();
    assert_eq!(recovered(&store), [Answer::Total(1)]);
}

#[test]
fn a_server_that_is_not_there_yet_is_found_when_it_is() {
    let mut server = Server::start(&[]);
    server.kill();
    let store = server.store();
    let error = outcome(&store, one(), NOW).unwrap_err().to_string();
    assert!(error.starts_with(&format!("the store {} failed: ", server.socket().display())), "{error}");
    assert!(error.contains("refused") || error.contains("No such file"), "{error}");
    server.start_again();
    assert_eq!(recovered(&store), [Answer::Total(1)]);
}

#[test]
fn a_connection_that_broke_while_it_was_idle_is_made_again_without_an_error() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = server.store();
    answers(&store, one(), NOW);
    assert!(server.tell("CLIENT KILL TYPE normal").starts_with(':'));
    thread::sleep(IDLE);
    assert_eq!(answers(&store, one(), NOW), [Answer::Total(2)]);
    server.kill();
    server.start_again();
    thread::sleep(IDLE);
    assert_eq!(answers(&store, one(), NOW), [Answer::Total(3)]);
}

#[test]
fn the_password_is_needed_kept_secret_and_may_be_mended_on_the_server() {
    let server = Server::start(&["--requirepass", "0pen-sesame"]);
    let settings = server.settings();
    let with = |name: &str, password: &str, user| {
        settings.clone().with_password_file(user, &server.password_file(name, password)).unwrap()
    };
    let error_of = |store: &Redis| outcome(store, one(), NOW).unwrap_err().to_string();

    assert!(error_of(&server.store()).contains("NOAUTH"));
    let right = open(&with("right", "0pen-sesame", None));
    assert_eq!(answers(&right, one(), NOW), [Answer::Total(1)]);
    let named = open(&with("right", "0pen-sesame", Some("default")));
    assert_eq!(answers(&named, one(), NOW), [Answer::Total(2)]);

    let settings = with("wrong", "0pen-barley", None);
    let wrong = open(&settings);
    let error = error_of(&wrong);
    assert!(error.contains("WRONGPASS") || error.contains("uthentication"), "{error}");
    for shown in [error, format!("{wrong:?}"), format!("{settings:?}"), format!("{right:?}")] {
        assert!(!shown.contains("0pen-"), "{shown}");
    }

    // The other password becomes the right one: nobody needs to restart anything.
    let mended = Server::start(&["--requirepass", "0pen-sesame"]);
    let file = mended.password_file("password", "0pen-barley");
    let store = open(&mended.settings().with_password_file(None, &file).unwrap());
    error_of(&store);
    let admin = open(&mended.settings().with_password_file(None, &mended.password_file("now", "0pen-sesame")).unwrap());
    answers(&admin, one(), NOW);
    mended.tell_as("0pen-sesame", "CONFIG SET requirepass 0pen-barley");
    assert_eq!(recovered(&store), [Answer::Total(2)]);
}

#[test]
fn password_files_are_private_and_say_something() {
    let server = Server::start(&[]);
    let path = server.password_file("password", "s3kr1t");
    let refused = |path| server.settings().with_password_file(None, path).unwrap_err().to_string();
    fs::write(&path, "\n").unwrap();
    assert_eq!(refused(&path), format!("the password of the store: {} is empty", path.display()));
    fs::write(&path, b"\xff").unwrap();
    assert_eq!(refused(&path), format!("the password of the store: {} is not UTF-8", path.display()));
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(refused(&path).contains("(mode 0644): run `chmod 600"));
}

#[test]
fn addresses_say_what_is_wrong_with_them() {
    let cases = [
        ("redis://valkey.example.com", Ok("valkey.example.com:6379")),
        ("valkey://[2001:db8::1]:7000/3", Ok("2001:db8::1:7000")),
        ("unix:///run/valkey/valkey.sock?db=2", Ok("/run/valkey/valkey.sock")),
        ("RedisS://valkey.example.com", Err("asks for TLS: use a tunnel, or a Unix socket")),
        ("redis://user@valkey.example.com", Err("has a user or a password: name a file that has it")),
        ("unix:///run/valkey.sock?pass=s3kr1t", Err("has a user or a password: name a file that has it")),
        ("valkey.example.com:6379", Err("is none: write redis://HOST:PORT/DATABASE or unix:///PATH?db=DATABASE")),
        (
            "redis://valkey.example.com/two",
            Err("is none: write redis://HOST:PORT/DATABASE or unix:///PATH?db=DATABASE"),
        ),
        ("", Err("is none: write redis://HOST:PORT/DATABASE or unix:///PATH?db=DATABASE")),
    ];
    for (url, expected) in cases {
        let settings = Settings::new(url);
        let found = settings.as_ref().map(Settings::address).map_err(ToString::to_string);
        assert_eq!(found, expected.map_err(|reason| format!("the address of the store {reason}")), "{url}");
    }
}

/// Each of these is as if it weren't there, and what is written takes its place.
#[test]
fn foreign_values_are_unknown_and_written_over() {
    let server = Server::start(&[]);
    let store = server.store();
    let (number, owner) = (1, 100);
    let foreign = [
        "SET KEY garbage",
        "SET KEY \"\"",
        "SET KEY 99999999999::",
        "SET KEY 99999999999",
        "SET KEY \"\\xff\\x00:\\r\\n:x\"",
        "SET KEY 9e9:zz:value",
        "SET KEY -1::5",
        "SET KEY 99999999999:ab:-7",
        "SET KEY 99999999999::1e9",
        "RPUSH KEY a b",
        "HSET KEY a b",
        "SADD KEY a",
        "ZADD KEY 1 a",
        "XADD KEY * a b",
    ];
    let share = Some(Share { owner: key(owner), quota: 2 });
    let owned = |number: u8| Operation::Put {
        table: Table::Alias,
        key: key(number),
        value: vec![number],
        expires: NOW + 9,
        share,
    };
    for command in foreign {
        let write = |name: String| {
            let answer = server.tell(&command.replace("KEY", &name));
            assert!(!answer.starts_with('-'), "{command}: {answer}");
        };
        for name in ["a", "c"] {
            write(format!("batv:{name}:{}", key(number)));
        }
        for set in ["o", "e"] {
            write(format!("batv:{set}:{}", key(owner)));
        }
        let question = || vec![get(Table::Alias, number), count(number, 0, NOW + 9)];
        // What looks like one of ours is one of ours, of whatever value; but a counter is a number.
        match answers(&store, question(), NOW).as_slice() {
            [Answer::Value(None), Answer::Total(0)] => {}
            [Answer::Value(Some(_)), Answer::Total(0)] if command.starts_with("SET KEY 99999999999:") => {}
            other => panic!("{command}: {other:?}"),
        }
        let batch = vec![owned(1), owned(2), owned(3), count(number, 4, NOW + 9)];
        answers(&store, batch, NOW);
        let batch = vec![get(Table::Alias, 1), get(Table::Alias, 2), get(Table::Alias, 3), count(number, 0, NOW)];
        let expected = [Answer::Value(None), value(&[2]), value(&[3]), Answer::Total(4)];
        assert_eq!(answers(&store, batch, NOW), expected, "{command}");
        assert_eq!(server.tell("FLUSHALL"), "+OK\r\n");
    }
}

/// The server had no room for it, say, and forgot it: whose it was then must not take it away from whose it is now.
#[test]
fn an_entry_that_the_server_dropped_belongs_to_the_owner_that_puts_it_again() {
    let server = Server::start(&[]);
    let store = server.store();
    let owned = |number: u8, owner: u8| {
        let share = Some(Share { owner: key(owner), quota: 1 });
        Operation::Put { table: Table::Alias, key: key(number), value: vec![number], expires: NOW + 9, share }
    };
    answers(&store, vec![owned(1, 100)], NOW);
    assert_eq!(server.tell(&format!("DEL batv:a:{}", key(1))), ":1\r\n");
    answers(&store, vec![owned(1, 101), owned(2, 100)], NOW);
    let batch = vec![get(Table::Alias, 1), get(Table::Alias, 2)];
    assert_eq!(answers(&store, batch, NOW), [value(&[1]), value(&[2])]);
}

#[test]
fn a_script_that_the_server_forgot_is_given_to_it_again() {
    let server = Server::start(&[]);
    let store = server.store();
    answers(&store, one(), NOW);
    assert_eq!(server.tell("SCRIPT FLUSH"), "+OK\r\n");
    assert_eq!(answers(&store, one(), NOW), [Answer::Total(2)]);
}

#[test]
fn a_user_with_no_more_than_the_documented_rights_can_do_all() {
    let server = Server::start(&[]);
    let rights =
        "+eval +evalsha +script|load +get +set +del +type +expire +zadd +zrem +zcard +zrange +zrevrange +zrangebyscore";
    assert_eq!(server.tell(&format!("ACL SETUSER batv on >0pen-sesame ~batv:* {rights}")), "+OK\r\n");
    let file = server.password_file("password", "0pen-sesame");
    let store = open(&server.settings().with_password_file(Some("batv"), &file).unwrap());
    let share = Some(Share { owner: key(9), quota: 1 });
    let owned = |number: u8, expires| Operation::Put {
        table: Table::Alias,
        key: key(number),
        value: vec![number],
        expires,
        share,
    };
    let batch = vec![owned(1, NOW + 9), owned(2, NOW + 9), owned(2, NOW), put(Table::Sent, 1, b"one", NOW + 9)];
    answers(&store, batch, NOW);
    assert_eq!(answers(&store, one(), NOW), [Answer::Total(1)]);
    let elsewhere = server.settings().with_prefix("other:").with_password_file(Some("batv"), &file).unwrap();
    let error = outcome(&open(&elsewhere), vec![put(Table::Sent, 1, b"one", NOW + 9)], NOW).unwrap_err();
    assert!(error.to_string().contains("can't access"), "{error}");
}

#[test]
fn all_that_is_stored_expires_and_an_owner_leaves_nothing_behind() {
    let server = Server::start(&[]);
    let store = server.store();
    let share = Some(Share { owner: key(9), quota: 3 });
    for number in 0..20 {
        let expires = NOW + 1_000 + u64::from(number);
        let batch = vec![
            Operation::Put { table: Table::Alias, key: key(number), value: vec![number], expires, share },
            put(Table::Sent, number, b"one", expires),
            count(number, 1, expires),
        ];
        answers(&store, batch, NOW);
    }
    // Three of the owner, its two sets, and those without an owner; each of them has an expiry.
    let keyspace = server.tell("INFO keyspace");
    assert!(keyspace.contains("db0:keys=45,expires=45,"), "{keyspace}");
}

#[test]
fn a_full_server_says_so_and_stays_in_use_once_there_is_room() {
    let server = Server::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let store = Guarded::new(server.store(), patience());
    let error = outcome(&store, one(), NOW).unwrap_err();
    assert!(error.to_string().contains("maxmemory") || error.to_string().contains("OOM"), "{error}");
    assert_eq!(server.tell("CONFIG SET maxmemory 0"), "+OK\r\n");
    recovered(&store);
}

#[test]
fn a_server_over_tcp_is_the_same() {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let _server = Server::start(&["--port", &port.to_string()]);
    let store = open(&Settings::new(&format!("redis://127.0.0.1:{port}/3")).unwrap());
    assert_eq!(answers(&store, one(), NOW), [Answer::Total(1)]);
}

//! The octets of memory that greedy peers make the daemon take, and what it takes of them.

use core::net::Ipv4Addr;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use batv_tests::host::{free_ports, signal, wait_for};
use batv_tests::milter::{self, Answer, MailServer, Offer, Place, Socket};
use batv_tests::site::{ALICE, tagged};

use crate::support::{Daemon, Memory, worker_of};

/// The most that one peer may make the daemon take.
const PEER: u64 = 8 << 20;

/// A daemon that greedy peers can reach over TCP, too: there the kernel keeps megabytes for them.
fn with_line_over_tcp(configuration: &str) -> (Daemon, u16) {
    let [port] = free_ports();
    let mut daemon = Daemon::new("");
    daemon.configure_with_tcp(configuration, "line", "127.0.0.1", port);
    daemon.start();
    // Memory that is needed once is taken now.
    assert!(daemon.ask("line", format!("judge data none - <> {ALICE}\n").as_bytes()).starts_with("OK "));
    (daemon, port)
}

/// Writes as much of it as the daemon takes, and reads no answer. Returns how much that was.
fn flood(mut stream: TcpStream, octets: &[u8], times: usize) -> (TcpStream, usize) {
    stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a time-out");
    let mut written = 0;
    for _ in 0..times {
        match stream.write(octets) {
            Ok(length) => written += length,
            Err(_) => break,
        }
    }
    (stream, written)
}

fn greedy_line_client(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
    // A message of the greatest length, of which one octet in five is read.
    let request = format!("judge-message - whole {} <> {ALICE}\n", 5 << 20);
    stream.write_all(request.as_bytes()).expect("a connection");
    stream.write_all(&vec![b'x'; 5 << 20]).expect("a connection");
    stream.read_exact(&mut [0; 3]).expect("an answer");
    flood(stream, &vec![b'\n'; 1 << 20], 16).0
}

#[test]
fn answers_that_nobody_reads_are_not_made() {
    let (daemon, port) = with_line_over_tcp("");
    let before = daemon.memory();
    let _greedy = greedy_line_client(port);
    let peak = daemon.peak();
    assert!(peak < before + PEER, "{before} octets before, {peak} at most");
    assert!(daemon.ask("line", format!("sign {ALICE}\n").as_bytes()).starts_with("OK "));
}

#[test]
fn every_request_of_a_pipeline_is_answered() {
    let daemon = Daemon::started("");
    let count = 20_000;
    let mut stream = daemon.connect("line");
    let mut answers = stream.try_clone().expect("a connection");
    let reader = thread::spawn(move || {
        let mut text = String::new();
        answers.read_to_string(&mut text).expect("UTF-8");
        text
    });
    for _ in 0..count {
        stream.write_all(b"unwrap prvs=0787f93fc2=alice@example.com\n").expect("a connection");
    }
    stream.shutdown(std::net::Shutdown::Write).expect("a connection");
    assert_eq!(reader.join().expect("answers").matches("OK alice@example.com\n").count(), count);
}

/// A long message gives its memory back.
#[test]
fn a_long_request_leaves_nothing_behind() {
    let (daemon, port) = with_line_over_tcp("");
    let connections: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
            let request = format!("judge-message - whole {} <> {ALICE}\n", 5 << 20);
            stream.write_all(request.as_bytes()).expect("a connection");
            stream.write_all(&vec![b'x'; 5 << 20]).expect("a connection");
            stream.read_exact(&mut [0; 3]).expect("an answer");
            stream
        })
        .collect();
    let (before, peak) = (daemon.memory(), daemon.peak());
    assert!(peak < before + PEER, "{before} octets with {} idle connections, {peak} at most", connections.len());
    assert!(before < 48 << 20, "{before} octets");
}

fn mail_server(daemon: &Daemon) -> MailServer<Socket> {
    mail_server_of(daemon, "192.0.2.7")
}

fn mail_server_of(daemon: &Daemon, client: &str) -> MailServer<Socket> {
    let mut server = MailServer::new(Place::Unix(daemon.socket("milter")).connect().expect("a connection"));
    server.negotiate(Offer::USUAL).expect("an agreement");
    server.say(&milter::connect("client.example.net", 12345, client));
    server
}

/// The text of an SMTP reply, or empty if the daemon lets the mail server go on.
fn reply(answer: &Answer) -> String {
    match answer {
        Answer::Packets(packets) => {
            let packet = packets.last().expect("a reply");
            assert!(matches!(packet.first(), Some(b'c' | b'y' | b's')), "{answer}");
            String::from_utf8_lossy(packet.get(1..).unwrap_or_default()).trim_end_matches('\0').to_owned()
        }
        _ => panic!("{answer}"),
    }
}

/// Neither arguments nor macros that no mail server takes for an address are kept, and each is let through, as the mail
/// server refuses it.
#[test]
fn arguments_that_are_no_addresses_are_not_kept() {
    let daemon = Daemon::started("");
    let before = {
        let mut server = mail_server(&daemon);
        server.say(&milter::mail("carol@example.org"));
        server.say(&milter::recipient(ALICE));
        daemon.memory()
    };
    let mut server = mail_server(&daemon);
    let long = "x".repeat(250_000);
    let short = &long[..80_000];
    server.say(&milter::macros(b'M', &["i", short, "{mail_addr}", short, "{daemon_name}", short]));
    server.say(&milter::mail(&format!("{long}@example.com")));
    for _ in 0..200 {
        server.say(&milter::macros(b'R', &["{rcpt_addr}", short, "{rcpt_mailer}", short]));
        assert_eq!(reply(&server.say(&milter::recipient(&format!("{long}@example.com")))), "");
    }
    assert_eq!(reply(&server.say(&milter::recipient(ALICE))), "");
    server.say(&milter::header("Subject", "hello"));
    assert_eq!(reply(&server.say(milter::END_OF_MESSAGE)), "");
    let peak = daemon.peak();
    assert!(peak < before + PEER, "{before} octets before, {peak} at most");
}

/// Recipients whose addresses fill a message get 452, so that the client sends them in another one (RFC 5321 §4.5.3.1.10).
#[test]
fn the_octets_of_recipients_are_bounded() {
    let daemon = Daemon::started("[limits]\nbounces_per_minute = 0\n");
    let mut server = mail_server(&daemon);
    server.say(&milter::mail("carol@example.org"));
    assert_eq!(reply(&server.say(&milter::recipient(ALICE))), "");
    let before = daemon.memory();
    let mut replies = Vec::new();
    for number in 0..10_000 {
        // As long as an address may be.
        let domain = format!("{0}.{0}.{0}.example.com", "a".repeat(55));
        replies.push(reply(&server.say(&milter::recipient(&format!("{number:064}@{domain}")))));
    }
    server.say(&milter::header("Subject", "hello"));
    assert_eq!(reply(&server.say(milter::END_OF_MESSAGE)), "");
    let taken = replies.iter().filter(|reply| reply.is_empty()).count();
    let peak = daemon.peak();
    assert!(peak < before + PEER, "{before} octets before, {peak} at most; {taken} taken");
    // RFC 5321 §4.5.3.1.8: at least 100.
    assert!((1_000..10_000).contains(&taken), "{taken} taken");
    assert!(replies.iter().skip(taken).all(|reply| reply.starts_with("452 4.5.3 ")), "{replies:?}");
    // As many as `limits.recipients` of ordinary ones are taken.
    server.say(&milter::mail("carol@example.org"));
    for number in 0..10_000 {
        let answer = server.say(&milter::recipient(&format!("recipient-{number}@mailboxes.example.com")));
        assert_eq!(reply(&answer), "", "recipient {number}");
    }
}

/// A bounce to as many tagged recipients as a message may have, each of which is changed at its end.
#[test]
fn one_message_takes_no_more_than_a_peer_may() {
    // Counters are memory of the daemon, not of a peer.
    let daemon =
        Daemon::started("[limits]\nbounces_per_minute = 0\n[store]\nbounces_per_tag = 0\n[verify]\nmode = 'mark'\n");
    let recipients: Vec<_> = (0..10_000).map(|number| tagged(&format!("{number:047}@example.com"), 0)).collect();
    let body = milter::body(&vec![b'x'; 60_000]);
    let mut server = mail_server(&daemon);
    let mut send = |recipients: &[String], bodies| {
        server.say(&milter::mail(""));
        let replies = recipients.iter().map(|to| reply(&server.say(&milter::recipient(to))));
        let taken = replies.filter(String::is_empty).count();
        server.say(&milter::header("Subject", "hello"));
        for _ in 0..bodies {
            server.say(&body);
        }
        let Answer::Packets(packets) = server.say(milter::END_OF_MESSAGE) else { panic!("no answer") };
        (taken, packets.iter().filter(|packet| packet.starts_with(b"+")).count())
    };
    assert_eq!(send(&recipients[..1], 1), (1, 1));
    let before = daemon.memory();
    let (taken, changed) = send(&recipients, 20);
    let peak = daemon.peak();
    eprintln!("{} octets for {taken} recipients", peak - before);
    assert!(taken > 5_000 && changed == taken, "{taken} taken, {changed} changed");
    assert!(peak < before + PEER, "{before} octets before, {peak} at most");
}

/// What all messages hold together has a limit, beyond which they are deferred in the words of each protocol.
#[test]
fn messages_beyond_the_total_are_deferred() {
    const TOTAL: u64 = 8 << 20;
    let daemon = Daemon::started(&format!("[limits]\ntotal_octets = {TOTAL}\n[verify]\nmode = 'reject'\n"));
    let judge = format!("judge-message - whole {} <> {ALICE}\n{}", 1 << 20, "x".repeat(1 << 20));
    assert!(daemon.ask("line", judge.as_bytes()).starts_with("OK "));
    let body = milter::body(&vec![b'x'; 60_000]);
    let before = daemon.memory();
    // One network alone has no more than its share.
    let mut servers: Vec<_> = (0..16).map(|network| mail_server_of(&daemon, &format!("198.51.{network}.1"))).collect();
    let mut at_rcpt = 0;
    for server in &mut servers {
        server.say(&milter::mail(""));
        let said = reply(&server.say(&milter::recipient(ALICE)));
        assert!(said.is_empty() || said.starts_with("451 4.3.0 "), "{said}");
        at_rcpt += usize::from(!said.is_empty());
        server.say(&milter::header("Subject", "hello"));
        for _ in 0..20 {
            server.say(&body);
        }
    }
    let answer = daemon.ask("line", judge.as_bytes());
    assert!(answer.starts_with("TEMP "), "{answer}");
    // What holds nothing is answered as ever.
    assert!(daemon.ask("line", format!("sign {ALICE}\n").as_bytes()).starts_with("OK "));
    let peak = daemon.peak();
    assert!(peak < before + TOTAL + PEER, "{before} octets before, {peak} at most");
    let replies: Vec<_> = servers.iter_mut().map(|server| reply(&server.say(milter::END_OF_MESSAGE))).collect();
    let deferred = replies.iter().filter(|reply| reply.starts_with("451 4.3.0 ")).count();
    assert!((8..16).contains(&(at_rcpt + deferred)), "{at_rcpt}, then {replies:?}");
    let metrics = || daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(metrics().contains("batv_limits_met_total{limit=\"total_octets\"} "), "{}", metrics());
    // A connection that has ended may not be gone yet.
    wait_for("end of what is held", || metrics().contains("\nbatv_held_octets 0\n").then_some(()));
    // Those that were deferred come again.
    let server = &mut servers[15];
    server.say(&milter::mail(""));
    server.say(&milter::recipient(ALICE));
    server.say(&milter::header("Subject", "hello"));
    assert_eq!(reply(&server.say(milter::END_OF_MESSAGE)), "");
    assert!(daemon.ask("line", judge.as_bytes()).starts_with("OK "));
}

/// Lines that nobody reads wait in memory, but only some.
#[test]
fn the_queue_of_the_log_is_bounded() {
    let daemon = Daemon::new("");
    let mut process = daemon.command().stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("batvd");
    wait_for("socket", || daemon.socket("policy").exists().then_some(()));
    let ask = |queue_id: &str, count: usize| {
        let request = format!(
            "protocol_state=RCPT\nclient_address=192.0.2.7\nqueue_id={queue_id}\nsender=\nrecipient={ALICE}\n\n"
        );
        let mut stream = daemon.connect("policy");
        for _ in 0..count {
            stream.write_all(request.as_bytes()).expect("a connection");
            stream.read_exact(&mut [0; 14]).expect("an answer");
        }
    };
    ask("4f1", 100);
    let memory = Memory::of(worker_of(process.id()));
    let before = memory.now();
    ask(&"4f".repeat(30_000), 500);
    ask("4f1", 20_000);
    let peak = memory.peak();
    drop(process.stderr.take());
    signal(process.id(), "TERM");
    assert!(process.wait().expect("an end").success());
    assert!(peak < before + 10 * (1 << 20), "{before} octets before, {peak} at most");
}

/// A store that says more than it is asked for: no more is read than an answer may have.
#[test]
fn a_reply_of_the_store_is_bounded() {
    let mut daemon = Daemon::new("");
    let path = daemon.path("store/server.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let (sender, taken) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut command = [0; 4096];
            let _ = stream.read(&mut command).expect("a command");
            stream.write_all(b"%1\r\n$5\r\nproto\r\n:3\r\n").expect("a client");
            if !matches!(stream.read(&mut command), Ok(1..)) {
                continue;
            }
            let mut written = stream.write(b"*1\r\n$1073741824\r\n").unwrap_or_default();
            while let Ok(octets) = stream.write(&[b'x'; 65_536])
                && written < 256 << 20
            {
                written += octets;
            }
            let _ = sender.send(written);
        }
    });
    daemon.configure(&format!("[store]\nat = 'unix://{}'\n[verify]\nmode = 'reject'\n", path.display()));
    daemon.start();
    let before = daemon.memory();
    let mut server = mail_server(&daemon);
    server.say(&milter::mail(""));
    assert_eq!(reply(&server.say(&milter::recipient(&tagged(ALICE, 0)))), "");
    let taken = taken.recv().expect("a reply");
    let peak = daemon.peak();
    assert!(taken < 1 << 20 && peak < before + PEER, "{taken} octets taken, {before} before, {peak} at most");
    daemon.wait_for_log("WARN the store doesn't answer: ");
}

/// In little address space, which is how a site limits a service, a greedy peer ends nobody's messages but its own.
#[test]
fn a_greedy_peer_does_not_end_a_worker_with_little_memory() {
    for mib in [100, 200, 400] {
        let [port] = free_ports();
        let mut daemon = Daemon::new("");
        daemon.configure_with_tcp("[verify]\nmode = 'reject'\n", "line", "127.0.0.1", port);
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v $1 && shift && exec \"$@\"", "sh", &(mib * 1024).to_string()]);
        command.arg(env!("CARGO_BIN_EXE_batvd")).arg("--config").arg(daemon.path("batvd.toml"));
        daemon.try_start(&mut command).expect("a daemon");
        let worker = daemon.worker();
        let mut good = mail_server(&daemon);
        good.say(&milter::mail(""));
        assert_eq!(reply(&good.say(&milter::recipient(&tagged(ALICE, 0)))), "");
        let _greedy: Vec<_> = (0..2).map(|_| greedy_line_client(port)).collect();
        let body = milter::body(&vec![b'x'; 60_000]);
        let mut servers: Vec<_> = (0..mib / 3).map(|_| mail_server(&daemon)).collect();
        for server in &mut servers {
            server.say(&milter::mail(""));
            server.say(&milter::recipient(ALICE));
            server.say(&milter::header("Subject", "hello"));
            for _ in 0..18 {
                server.say(&body);
            }
        }
        assert_eq!(reply(&good.say(milter::END_OF_MESSAGE)), "", "{mib} MiB");
        let [first, .., last] = &mut servers[..] else { panic!("no mail servers") };
        assert_eq!(reply(&first.say(milter::END_OF_MESSAGE)), "", "{mib} MiB");
        let deferred = reply(&last.say(milter::END_OF_MESSAGE));
        assert!(deferred.is_empty() || deferred.starts_with("451 4.3.0 "), "{mib} MiB: {deferred}");
        let metrics = daemon.ask("metrics", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert!(metrics.contains("batv_limits_met_total{limit=\"total_octets\"} "), "{metrics}");
        assert_eq!(daemon.worker(), worker, "{mib} MiB");
    }
}

/// OpenSMTPD, with what its filter says.
struct Smtpd {
    filter: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
    memory: Memory,
}

impl Smtpd {
    fn start(daemon: &Daemon) -> Self {
        let mut filter = daemon.command();
        filter.arg("filter").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut filter = filter.spawn().expect("batvd");
        let mut requests = filter.stdin.take().expect("a pipe");
        let stdout = BufReader::new(filter.stdout.take().expect("a pipe"));
        let (sender, answers) = channel();
        // OpenSMTPD reads what the filter says while it writes.
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        requests.write_all(b"config|ready\n").expect("a filter");
        while answers.recv().expect("an answer") != "register|ready" {}
        let memory = Memory::of(worker_of(filter.id()));
        Self { filter, requests, answers, memory }
    }

    fn say(&mut self, text: &str) {
        self.requests.write_all(text.as_bytes()).expect("a filter");
    }

    /// Asks, and passes over the lines of other sessions whose messages are not held any more.
    fn ask(&mut self, event: &str, session: usize, parameter: &str) -> String {
        self.say(&format!("filter|0.7|1.0|smtp-in|{event}|{session}|1|{parameter}\n"));
        let mut said = self.answers.iter().filter(|said| !said.starts_with("filter-dataline|"));
        said.next().expect("an answer")
    }

    /// A client, and its bounce up to DATA.
    fn begin(&mut self, session: usize) {
        assert_eq!(self.begin_of(session, "192.0.2.7", "<>", ALICE), "proceed");
    }

    /// A client, and its message up to DATA. Returns the answer to the recipient.
    fn begin_of(&mut self, session: usize, client: &str, from: &str, to: &str) -> String {
        self.say(&format!("report|0.7|1.0|smtp-in|link-connect|{session}|x|pass|{client}:25|192.0.2.1:25\n"));
        let result = format!("filter-result|{session}|1|");
        assert!(self.ask("mail-from", session, from).starts_with(&result));
        let said = self.ask("rcpt-to", session, &format!("<{to}>"));
        said.strip_prefix(&result).expect("an answer of this session").to_owned()
    }

    /// A message whose client stops before its end.
    fn stall(&mut self, session: usize, octets: usize) {
        let line = "0123456789".repeat(7);
        self.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|Subject: hello\n"));
        self.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|\n"));
        self.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|{line}\n").repeat(octets / (line.len() + 2)));
    }

    /// The answer to a whole message.
    fn end(&mut self, session: usize) -> String {
        for line in ["Subject: hello", "", "Hello.", "."] {
            self.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|{line}\n"));
        }
        let last = format!("filter-dataline|{session}|1|.");
        while self.answers.recv().expect("an answer") != last {}
        let said = self.ask("commit", session, "");
        said.strip_prefix(&format!("filter-result|{session}|1|")).expect("an answer of this session").to_owned()
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        let _ = self.filter.kill();
        let _ = self.filter.wait();
    }
}

/// However long the lines of the messages are that OpenSMTPD has its filter hold back.
#[test]
fn a_filter_holds_no_message_twice() {
    const SESSIONS: usize = 20;
    const LIMIT: usize = 256 * 1024;
    for line in ["", "x", "0123456789012345678901234567890123456789012345678901234567890123456789"] {
        let daemon = Daemon::new(&format!("[limits]\nmessage_octets = {LIMIT}\n[verify]\nmode = 'reject'\n"));
        let mut smtpd = Smtpd::start(&daemon);
        smtpd.begin(SESSIONS);
        let before = smtpd.memory.now();
        let count = LIMIT / (line.len() + 2) - 40;
        for session in 0..SESSIONS {
            smtpd.begin(session);
            smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|Subject: hello\n"));
            smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|X-BATV-Status: forged\n"));
            smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|\n"));
            smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|{line}\n").repeat(count));
        }
        // All before it has been read.
        smtpd.ask("rcpt-to", SESSIONS, &format!("<{ALICE}>"));
        let held = smtpd.memory.peak() - before;
        for session in 0..SESSIONS {
            smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|.\n"));
            let put = format!("filter-dataline|{session}|1|");
            let lines: Vec<String> = core::iter::from_fn(|| {
                let said = smtpd.answers.recv().expect("an answer");
                Some(said.strip_prefix(&put).expect("a line").to_owned()).filter(|line| line != ".")
            })
            .collect();
            let (header, body) = lines.split_at(lines.iter().position(String::is_empty).expect("a body"));
            assert_eq!(header.last().map(String::as_str), Some("Subject: hello"), "{header:?}");
            assert!(!header.iter().any(|field| field.contains("forged")), "{header:?}");
            assert_eq!(body.len(), count + 1);
            assert!(body.iter().skip(1).all(|kept| kept == line));
            assert_eq!(smtpd.ask("commit", session, ""), format!("filter-result|{session}|1|proceed"));
        }
        let (held, after) = (held / SESSIONS as u64, (smtpd.memory.peak() - before) / SESSIONS as u64);
        eprintln!("{held} octets a session with lines of {}, {after} at the end", line.len());
        assert!(held <= 2 * LIMIT as u64 && after <= 2 * LIMIT as u64, "{held}, then {after} a session");
    }
}

/// A message that is too much for the total passes unchanged, and is deferred where OpenSMTPD asks for the last time.
#[test]
fn a_filter_defers_messages_beyond_the_total() {
    let daemon = Daemon::new("[limits]\ntotal_octets = 524288\n[verify]\nmode = 'reject'\n");
    let mut smtpd = Smtpd::start(&daemon);
    let line = "0123456789".repeat(7);
    let count = 12_000;
    smtpd.begin(1);
    smtpd.begin(2);
    for session in [1, 2] {
        smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|Subject: hello\n"));
        smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|\n"));
        smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|{line}\n").repeat(count));
        smtpd.say(&format!("filter|0.7|1.0|smtp-in|data-line|{session}|1|.\n"));
        let put = format!("filter-dataline|{session}|1|");
        let mut lines = 0;
        loop {
            let said = smtpd.answers.recv().expect("an answer");
            match said.strip_prefix(&put).expect("a line of this session") {
                "." => break,
                kept => lines += usize::from(kept == line),
            }
        }
        assert_eq!(lines, count);
        let said = smtpd.ask("commit", session, "");
        assert!(said.starts_with(&format!("filter-result|{session}|1|reject|451 4.3.0 ")), "{said}");
    }
    smtpd.begin(3);
    assert_eq!(smtpd.end(3), "proceed");
}

/// Messages that never end hold the octets of their network, or of all networks, but not those of recipients and of our clients.
#[test]
fn stalled_messages_leave_room_for_others() {
    const MESSAGES: usize = 24;
    let daemon = Daemon::new("[limits]\ntotal_octets = 16777216\n[verify]\nmode = 'reject'\n");
    let mut smtpd = Smtpd::start(&daemon);
    for session in 0..MESSAGES {
        if smtpd.begin_of(session, "192.0.2.7", "<>", ALICE) == "proceed" {
            smtpd.stall(session, 1_000_000);
        }
    }
    // Its network has no more than its share.
    if smtpd.begin_of(100, "192.0.2.8", "<>", ALICE) == "proceed" {
        smtpd.stall(100, 1_000_000);
        let said = smtpd.end(100);
        assert!(said.starts_with("reject|451 4.3.0 "), "{said}");
    }
    let serves = |smtpd: &mut Smtpd, session, is_crowded: bool| {
        assert_eq!(smtpd.begin_of(session, "203.0.113.7", "<>", ALICE), "proceed");
        assert_eq!(smtpd.begin_of(session + 1, "127.0.0.1", "<>", ALICE), "proceed");
        assert_eq!(smtpd.begin_of(session + 2, "127.0.0.1", ALICE, "dave@example.net"), "proceed");
        let said = smtpd.end(session);
        assert!(said == "proceed" || is_crowded && said.starts_with("reject|451 4.3.0 "), "{said}");
        assert_eq!(smtpd.end(session + 1), "proceed");
        assert_eq!(smtpd.end(session + 2), "proceed");
    };
    serves(&mut smtpd, 200, false);
    for session in 300..300 + MESSAGES {
        let client = format!("198.51.{}.7", session % 100);
        assert_eq!(smtpd.begin_of(session, &client, "<>", ALICE), "proceed");
        smtpd.stall(session, 1_000_000);
    }
    serves(&mut smtpd, 400, true);
}

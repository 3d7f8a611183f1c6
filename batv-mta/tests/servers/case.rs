//! The format of the files in `cases/`: `cases/README.md` explains it.
#![allow(dead_code, reason = "its own tests use some of it")]

use core::fmt;

/// The servers that a file may name.
pub(crate) const SERVERS: [&str; 5] = ["exim", "haraka", "opensmtpd", "postfix", "sendmail"];

/// A file, as it is on one server.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Case {
    /// Lines that Postfix gets after all others.
    pub(crate) main_cf: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) action: Action,
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Action {
    /// `table.key = value`, instead of the earlier configuration.
    Config(Vec<String>),
    /// SMTP, on a connection of its own or on the last one to this port.
    Smtp {
        port: Port,
        again: bool,
        exchanges: Vec<Exchange>,
    },
    /// The command line: `sent`, or `none` where there is none.
    Command(Vec<Exchange>),
    /// The only message that has come to a place since.
    Message(Place, Vec<Expectation>),
    /// A mailbox to which nothing has come.
    Empty(String),
    /// The mail server holds a message.
    Held,
    Daemon(Change),
    /// The lines of the log since the last time.
    Log(Vec<String>),
    /// The mail server retries its queue.
    Retry,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Port {
    World,
    Users,
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Exchange {
    pub(crate) line: usize,
    pub(crate) say: Say,
    /// How the answer begins.
    pub(crate) hear: String,
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Say {
    Line(String),
    /// DATA, and the message in this file of `messages/`, or the usual one.
    Data(Option<String>),
    /// A whole message: the answer is that of its end, or of the recipient if it is refused.
    Message {
        sender: String,
        recipient: String,
        file: Option<String>,
    },
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Place {
    Mailbox(String),
    /// The next hop has taken it.
    NextHop(String),
    /// The next hop has put it off.
    Deferred(String),
}

#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Expectation {
    Sender(String),
    /// Keep the sender under a name.
    Keep(String),
    /// Keep the header under a name.
    KeepHeader(String),
    Field {
        name: String,
        value: String,
    },
    NoField(String),
    /// A parameter of MAIL or RCPT begins like this.
    Parameter(String),
    NoParameter(String),
    Text(String),
    NoText(String),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    Start,
    Stop,
    Kill,
}

/// A fault in a file, and its line.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    line: usize,
    text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

impl Case {
    /// Reads a file as it is on a server.
    pub(crate) fn parse(text: &str, server: &str) -> Result<Self, Fault> {
        let nodes = on_server(Node::forest(text)?, server)?;
        let mut case = Self { main_cf: Vec::new(), steps: Vec::new() };
        for node in nodes {
            if node.text == "main.cf" {
                case.main_cf.extend(node.children()?.iter().map(|line| line.text.clone()));
            } else {
                case.steps.push(Step { line: node.line, action: Action::parse(&node)? });
            }
        }
        match case.steps.first() {
            Some(Step { action: Action::Config(_), .. }) => Ok(case),
            first => Err(fault(first.map_or(1, |step| step.line), "a file begins with `config`")),
        }
    }
}

impl Action {
    fn parse(node: &Node) -> Result<Self, Fault> {
        let (word, rest) = node.text.split_once(' ').unwrap_or((&node.text, ""));
        let lines = || -> Result<Vec<_>, _> { Ok(node.children()?.iter().map(|line| line.text.clone()).collect()) };
        let exchanges = |parse: fn(&Node) -> Result<Exchange, Fault>| -> Result<Vec<_>, _> {
            node.children()?.iter().map(parse).collect()
        };
        match (word, rest) {
            ("config", "") => Ok(Self::Config(lines()?)),
            ("world" | "users", "" | "again") => {
                let port = if word == "world" { Port::World } else { Port::Users };
                Ok(Self::Smtp { port, again: rest == "again", exchanges: exchanges(Exchange::parse)? })
            }
            ("command", "") => Ok(Self::Command(exchanges(Exchange::parse_message)?)),
            ("log", "") => Ok(Self::Log(lines()?)),
            ("held", "") => node.leaf(Self::Held),
            ("retry", "") => node.leaf(Self::Retry),
            ("daemon", change) => node.leaf(Self::Daemon(match change {
                "start" => Change::Start,
                "stop" => Change::Stop,
                "kill" => Change::Kill,
                _ => return Err(fault(node.line, "the actions on a daemon are `start`, `stop` and `kill`")),
            })),
            ("mailbox", name) if !name.is_empty() => match name.strip_suffix(" empty") {
                Some(name) => node.leaf(Self::Empty(name.to_owned())),
                None => node.message(Place::Mailbox(name.to_owned())),
            },
            ("next-hop", recipient) if !recipient.is_empty() => node.message(Place::NextHop(recipient.to_owned())),
            ("deferred", recipient) if !recipient.is_empty() => node.message(Place::Deferred(recipient.to_owned())),
            _ => Err(fault(node.line, &format!("no step `{}`", node.text))),
        }
    }
}

impl Exchange {
    fn parse(node: &Node) -> Result<Self, Fault> {
        if node.text.starts_with('<') {
            return Self::parse_message(node);
        }
        let (text, hear) = node.two_columns()?;
        let say = match text.strip_prefix("DATA") {
            Some("") => Say::Data(None),
            Some(file) if file.starts_with(' ') => Say::Data(Some(file.trim_start().to_owned())),
            _ => Say::Line(text.to_owned()),
        };
        Ok(Self { line: node.line, say, hear: hear.to_owned() })
    }

    fn parse_message(node: &Node) -> Result<Self, Fault> {
        let (say, hear) = node.two_columns()?;
        let paths = say.split_once(" -> ").and_then(|(sender, rest)| {
            let path = |text: &str| text.strip_prefix('<')?.strip_suffix('>').map(str::to_owned);
            let (recipient, file) = match rest.split_once(" with ") {
                Some((recipient, file)) => (recipient, Some(file.to_owned())),
                None => (rest, None),
            };
            Some(Say::Message { sender: path(sender)?, recipient: path(recipient)?, file })
        });
        let say =
            paths.ok_or_else(|| fault(node.line, "a message is `<sender> -> <recipient>`, and `with` its file"))?;
        Ok(Self { line: node.line, say, hear: hear.to_owned() })
    }
}

impl Expectation {
    fn parse(node: &Node) -> Result<Self, Fault> {
        let text = node.leaf(node.text.as_str())?;
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        Ok(match (word, rest) {
            (_, "") => return Err(fault(node.line, &format!("no expectation `{text}`"))),
            ("sender", sender) => Self::Sender(sender.to_owned()),
            ("keep", name) => match name.strip_prefix("header ") {
                Some(name) => Self::KeepHeader(name.to_owned()),
                None => Self::Keep(name.to_owned()),
            },
            ("text", words) => Self::Text(words.to_owned()),
            ("parameter", start) => Self::Parameter(start.to_owned()),
            ("no", rest) => match rest.split_once(' ') {
                Some(("text", words)) => Self::NoText(words.to_owned()),
                Some(("parameter", start)) => Self::NoParameter(start.to_owned()),
                _ => Self::NoField(rest.to_owned()),
            },
            (name, value) => match name.strip_suffix(':') {
                Some(name) => Self::Field { name: name.to_owned(), value: value.to_owned() },
                None => return Err(fault(node.line, &format!("no expectation `{text}`"))),
            },
        })
    }
}

/// A line, and those that are indented below it.
#[derive(Debug)]
struct Node {
    line: usize,
    text: String,
    below: Vec<Self>,
}

impl Node {
    fn forest(text: &str) -> Result<Vec<Self>, Fault> {
        let mut open: Vec<Vec<Self>> = vec![Vec::new()];
        for (number, line) in (1..).zip(text.lines()) {
            let content = line.trim_start_matches(' ');
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let spaces = line.len() - content.len();
            if spaces % 2 != 0 || content.starts_with('\t') {
                return Err(fault(number, "a line is indented by two spaces a level"));
            }
            let depth = spaces / 2;
            if depth > open.len() || depth == open.len() && open.last().is_none_or(Vec::is_empty) {
                return Err(fault(number, "a line is indented that belongs to none"));
            }
            close(&mut open, depth + 1);
            if depth == open.len() {
                open.push(Vec::new());
            }
            if let Some(siblings) = open.last_mut() {
                siblings.push(Self { line: number, text: content.trim_end().to_owned(), below: Vec::new() });
            }
        }
        close(&mut open, 1);
        Ok(open.pop().unwrap_or_default())
    }

    fn children(&self) -> Result<&[Self], Fault> {
        if self.below.is_empty() {
            return Err(fault(self.line, &format!("nothing is below `{}`", self.text)));
        }
        Ok(&self.below)
    }

    fn leaf<T>(&self, value: T) -> Result<T, Fault> {
        self.below.first().map_or(Ok(value), |below| Err(fault(below.line, "nothing can be below this line")))
    }

    fn message(&self, place: Place) -> Result<Action, Fault> {
        Ok(Action::Message(place, self.below.iter().map(Expectation::parse).collect::<Result<_, _>>()?))
    }

    /// Two spaces or more are between columns.
    fn columns(&self) -> Vec<&str> {
        self.text.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect()
    }

    fn two_columns(&self) -> Result<(&str, &str), Fault> {
        match self.leaf(self.columns())?.as_slice() {
            &[say, hear] => Ok((say, hear)),
            _ => Err(fault(self.line, "request and answer are two columns, two spaces between them")),
        }
    }

    /// The servers after `on`: an empty list for the others.
    fn servers(&self) -> Result<Option<Vec<&str>>, Fault> {
        let columns = self.columns();
        let Some(names) = columns.first().and_then(|column| column.strip_prefix("on ")) else { return Ok(None) };
        if names == "others" {
            return Ok(Some(Vec::new()));
        }
        let names: Vec<_> = names.split(", ").collect();
        match names.iter().find(|name| !SERVERS.contains(name)) {
            Some(unknown) => Err(fault(self.line, &format!("no server `{unknown}`"))),
            None => Ok(Some(names)),
        }
    }
}

/// Puts the lines that are deeper than `depth` below those that they belong to.
fn close(open: &mut Vec<Vec<Node>>, depth: usize) {
    while open.len() > depth {
        let below = open.pop().unwrap_or_default();
        if let Some(parent) = open.last_mut().and_then(|siblings| siblings.last_mut()) {
            parent.below = below;
        }
    }
}

/// Resolves `on`: whole steps for some servers and others, and expectations of a line.
fn on_server(nodes: Vec<Node>, server: &str) -> Result<Vec<Node>, Fault> {
    let mut chosen = Vec::new();
    // Whether the steps just before were for this server; none were for any when there is no answer.
    let mut matched: Option<bool> = None;
    for mut node in nodes {
        let Some(servers) = node.servers()?.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>())
        else {
            matched = None;
            node.expect_on(server)?;
            chosen.push(node);
            continue;
        };
        let here = if servers.is_empty() {
            !matched.take().ok_or_else(|| fault(node.line, "`on others` comes after `on` a server"))?
        } else {
            if node.columns().len() != 2 {
                return Err(fault(node.line, "`on` a server wants the reason in a second column"));
            }
            servers.iter().any(|name| name == server)
        };
        if !servers.is_empty() {
            matched = Some(matched.unwrap_or(false) || here);
        }
        node.children()?;
        if here {
            chosen.extend(on_server(node.below, server)?);
        }
    }
    Ok(chosen)
}

impl Node {
    /// Gives the lines of this step the expectations that they have on this server.
    fn expect_on(&mut self, server: &str) -> Result<(), Fault> {
        for line in &mut self.below {
            let mut replaced = None;
            for other in &line.below {
                let Some(servers) = other.servers()? else { continue };
                match *other.leaf(other.columns())?.as_slice() {
                    [_, expected, _reason] if servers.contains(&server) => replaced = Some(expected.to_owned()),
                    [_, _, _] => {}
                    _ => return Err(fault(other.line, "`on` a server needs the expectation there, and the reason")),
                }
            }
            line.below.retain(|other| !matches!(other.servers(), Ok(Some(_))));
            if let Some(expected) = replaced {
                let mut columns = line.columns();
                columns.pop();
                columns.push(&expected);
                line.text = columns.join("  ");
            }
        }
        Ok(())
    }
}

fn fault(line: usize, text: &str) -> Fault {
    Fault { line, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
# A comment.
config
  verify.mode = \"mark\"

users again
  MAIL FROM:<>           250
    on exim, postfix     550 5.1.1   they know better
  <a@b> -> <\"c d\"@e>   25
  <a@b> -> <c@e> with bounce  25
  DATA bounce            5
on opensmtpd   it can't
  held
on others
  mailbox a b
    on_this: {x}
    no text y z
  mailbox a b empty
";

    fn sample(server: &str) -> Case {
        Case::parse(SAMPLE, server).unwrap_or_else(|fault| panic!("{fault}"))
    }

    #[test]
    fn reads_a_file() {
        let say = |text: &str| Say::Line(text.to_owned());
        let message = |recipient: &str, file: Option<&str>| Say::Message {
            sender: "a@b".to_owned(),
            recipient: recipient.to_owned(),
            file: file.map(str::to_owned),
        };
        let exchange = |line, say, hear: &str| Exchange { line, say, hear: hear.to_owned() };
        let exchanges = vec![
            exchange(6, say("MAIL FROM:<>"), "250"),
            exchange(8, message("\"c d\"@e", None), "25"),
            exchange(9, message("c@e", Some("bounce")), "25"),
            exchange(10, Say::Data(Some("bounce".to_owned())), "5"),
        ];
        let expected = vec![
            Expectation::Field { name: "on_this".to_owned(), value: "{x}".to_owned() },
            Expectation::NoText("y z".to_owned()),
        ];
        let actions = [
            (2, Action::Config(vec!["verify.mode = \"mark\"".to_owned()])),
            (5, Action::Smtp { port: Port::Users, again: true, exchanges }),
            (14, Action::Message(Place::Mailbox("a b".to_owned()), expected)),
            (17, Action::Empty("a b".to_owned())),
        ];
        let steps = actions.map(|(line, action)| Step { line, action }).into();
        assert_eq!(sample("sendmail"), Case { main_cf: Vec::new(), steps });
    }

    #[test]
    fn resolves_lines_for_single_servers() {
        let Some(Step { action: Action::Smtp { exchanges, .. }, .. }) = sample("postfix").steps.into_iter().nth(1)
        else {
            panic!("no exchanges")
        };
        assert_eq!(exchanges.first().expect("one").hear, "550 5.1.1");
        assert_eq!(sample("opensmtpd").steps.last().expect("one").action, Action::Held);
    }

    #[test]
    fn reports_faults() {
        for (text, expected) in [
            ("held", "line 1: a file begins with `config`"),
            ("", "line 1: a file begins with `config`"),
            ("config", "line 1: nothing is below `config`"),
            ("config\n   a", "line 2: a line is indented by two spaces a level"),
            ("config\n  a\n      b", "line 3: a line is indented that belongs to none"),
            ("  config", "line 1: a line is indented that belongs to none"),
            ("config\n  a\nwait", "line 3: no step `wait`"),
            ("mailbox", "line 1: no step `mailbox`"),
            ("held\n  it", "line 2: nothing can be below this line"),
            ("daemon sleep", "line 1: the actions on a daemon are `start`, `stop` and `kill`"),
            ("world\n  MAIL FROM:<> 250", "line 2: request and answer are two columns, two spaces between them"),
            ("world\n  <> to <a@b>  250", "line 2: a message is `<sender> -> <recipient>`, and `with` its file"),
            ("command\n  RSET  250", "line 2: a message is `<sender> -> <recipient>`, and `with` its file"),
            ("mailbox a\n  sender", "line 2: no expectation `sender`"),
            ("mailbox a\n  is here", "line 2: no expectation `is here`"),
            ("on qmail  it can't\n  held", "line 1: no server `qmail`"),
            ("on exim\n  held", "line 1: `on` a server wants the reason in a second column"),
            ("on others\n  held", "line 1: `on others` comes after `on` a server"),
            ("on exim  it can't", "line 1: nothing is below `on exim  it can't`"),
            (
                "world\n  QUIT  221\n    on exim  220",
                "line 3: `on` a server needs the expectation there, and the reason",
            ),
        ] {
            let fault = Case::parse(text, "exim").expect_err(text);
            assert_eq!(fault.to_string(), expected);
        }
    }

    #[test]
    fn every_file_can_be_read() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/cases");
        for file in std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()) {
            if file.extension().is_some_and(|extension| extension == "case") {
                let text = std::fs::read_to_string(&file).expect("a file");
                for server in SERVERS {
                    let case = Case::parse(&text, server);
                    assert!(case.is_ok(), "{}: {}", file.display(), case.expect_err("a fault"));
                }
            }
        }
    }
}

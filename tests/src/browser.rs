//! Chromium without a window, over the pipes of its DevTools protocol: messages of JSON that end with NUL.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use data_encoding::BASE64;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How a page is looked at.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a window has a width and a scheme")]
pub struct Look {
    /// Of the window, in pixels.
    pub width: u32,
    /// `light` or `dark`.
    pub scheme: &'static str,
}

/// On a phone and on a desk, by day and by night.
pub const LOOKS: [Look; 4] = [
    Look { width: 360, scheme: "light" },
    Look { width: 360, scheme: "dark" },
    Look { width: 1440, scheme: "light" },
    Look { width: 1440, scheme: "dark" },
];

/// One page, open.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What the page asked for, and what it was not given, as the browser tells it.
    pub events: Vec<Value>,
    session: Option<String>,
    sent: u64,
    folder: TempDir,
}

impl Browser {
    /// Opens this page, as it comes from a disk.
    ///
    /// # Panics
    /// When there is no Chromium.
    pub fn open(html: &str, look: Look) -> Self {
        let mut browser = Self::start(look);
        let file = browser.folder.path().join("report.html");
        fs::write(&file, html).expect("a page");
        browser.visit(&format!("file://{}", file.display()));
        browser
    }

    /// Opens what is at a URL.
    ///
    /// # Panics
    /// When there is no Chromium.
    pub fn open_url(url: &str, look: Look) -> Self {
        let mut browser = Self::start(look);
        browser.visit(url);
        browser
    }

    fn start(look: Look) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // The browser reads its third descriptor, and writes into its fourth.
        let command = "exec chromium --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
            --hide-scrollbars --remote-debugging-pipe --user-data-dir=\"$0\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";
        let mut child = Command::new("sh")
            .args(["-c", command])
            .arg(folder.path().join("profile"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh");
        let requests = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut browser = Self { child, requests, answers, events: Vec::new(), session: None, sent: 0, folder };
        browser.begin(look);
        browser
    }

    fn begin(&mut self, look: Look) {
        let target = self.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", &attach);
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Network", "Log", "Runtime"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
        let metrics = json!({ "width": look.width, "height": 800, "deviceScaleFactor": 1, "mobile": look.width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": look.scheme }] });
        self.call("Emulation.setEmulatedMedia", &scheme);
    }

    fn visit(&mut self, url: &str) {
        self.call("Page.navigate", &json!({ "url": url }));
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let message = self.next();
            self.events.push(message);
        }
    }

    /// Calls a method of the protocol.
    ///
    /// # Panics
    /// When the browser refuses, or ends.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut request = json!({ "id": self.sent, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        write!(self.requests, "{request}\0")
            .and_then(|()| self.requests.flush())
            .expect("chromium (scripts/in-debian)");
        loop {
            let mut message = self.next();
            if message["id"] == self.sent {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    fn next(&mut self) -> Value {
        let mut message = Vec::new();
        self.answers.read_until(0, &mut message).expect("chromium (scripts/in-debian)");
        assert_eq!(message.pop(), Some(0), "chromium ended, or is not there: scripts/in-debian");
        serde_json::from_slice(&message).expect("JSON")
    }

    /// The value of an expression of JavaScript, which may be a promise.
    ///
    /// # Panics
    /// When it throws.
    #[track_caller]
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", &parameters);
        assert!(answer.get("exceptionDetails").is_none(), "{answer}");
        answer["result"]["value"].take()
    }

    /// Presses a key and lets it go.
    pub fn press(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Keeps a picture of the whole page in the folder that `BATV_SCREENSHOTS` names, for people to look at.
    ///
    /// # Panics
    /// When it can't be written.
    pub fn keep_picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("BATV_SCREENSHOTS") else { return };
        let picture = self.call("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }));
        let octets = BASE64.decode(picture["data"].as_str().expect("a picture").as_bytes()).expect("base64");
        fs::create_dir_all(&folder).and_then(|()| fs::write(Path::new(&folder).join(name), octets)).expect("a file");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself; what it leaves behind goes with the folder.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.folder.path();
    }
}

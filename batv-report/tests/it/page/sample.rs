//! A week of a mail server's log, and what strangers would like a page to do.

use core::fmt::Write as _;

/// 2026-11-25T00:00:00Z.
pub(crate) const END: i64 = 1_795_564_800;
const WEEK: i64 = 7 * 86_400;

/// What would act in a page, a terminal or a line, if it could.
pub(crate) const HOSTILE: [&str; 9] = [
    "<script>document.title='struck'</script>",
    "<img src=x onerror=document.title='struck'>",
    "</title></style></table><h1>struck</h1>",
    "' onfocus='document.title=1' autofocus x='",
    "&lt;b&gt;struck&lt;/b&gt; &#x3c;i>struck",
    "\u{202e}moc.elpmaxe@ecila\u{2066}",
    "\u{200b}\u{feff}\u{ad}hidden",
    "{{7*7}} ${7*7} <%= 7*7 %> --> ]]>",
    "javascript:document.title='struck'",
];

/// The lines, and what they come to.
#[derive(Default)]
pub(crate) struct Sample {
    pub(crate) log: String,
    pub(crate) genuine: u64,
    pub(crate) disproved: u64,
    pub(crate) unverified: u64,
    pub(crate) not_judged: u64,
    pub(crate) asked: u64,
    pub(crate) refused: u64,
    pub(crate) would_refuse: u64,
    pub(crate) tagged: u64,
    random: u64,
}

struct Judged<'j> {
    to: &'j str,
    client: &'j str,
    verdict: &'j str,
    reason: &'j str,
    disposition: &'j str,
    mode: &'j str,
    at: &'j str,
    said: &'j str,
}

impl Sample {
    /// A week in which three domains climb the ladder, one of them to its end.
    pub(crate) fn week() -> Self {
        let mut sample = Self { random: 1, ..Self::default() };
        for step in 0..7 * 96 {
            let time = END - WEEK + step * 900;
            let hour = step / 4 % 24;
            let busy = if (8..18).contains(&hour) { 5 } else { 1 };
            for _ in 0..busy {
                sample.one(time);
            }
            for _ in 0..busy * 4 {
                let second = time + sample.below(900);
                sample.line(second, "tagged queue_id=\"4Zx1Fq\" from=alice@example.com key=3");
                sample.tagged += 1;
            }
            // Somebody's address is forged for a morning.
            if (4 * 24 + 7..4 * 24 + 11).contains(&(step / 4)) {
                for _ in 0..25 {
                    sample.backscatter(time);
                }
            }
        }
        sample.line(END - 60, "left untagged queue_id=\"4Zx9\" from=a@example.com reason=\"exempt-recipient\"");
        sample.line(END - 50, "forwarded queue_id=\"4Zx9\" from=carol@example.org");
        sample
    }

    /// Hostile text wherever a line has room for it.
    pub(crate) fn hostile() -> Self {
        let mut sample = Self { random: 1, ..Self::default() };
        for (index, text) in (0..).zip(HOSTILE) {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            let word = text.replace([' ', '"'], "_");
            let line = format!(
                "judged listener={word} queue_id={text:?} client={word} from=\"{quoted}\"@example.net to=\"{quoted}\"@{word} \
                 verdict={word} reason={word} disposition=reject mode={word} at=data class={word} origin={word}"
            );
            sample.line(END - 1000 + index, &line);
            sample.refused += 1;
        }
        sample
    }

    fn line(&mut self, time: i64, message: &str) {
        let _ = writeln!(self.log, "{time}.000000 mx batvd[7]:  INFO {message}");
    }

    fn judged(&mut self, time: i64, judged: &Judged<'_>) {
        let Judged { to, client, verdict, reason, disposition, mode, at, said } = judged;
        let message = format!(
            "judged listener=milter queue_id=\"4Zx1Fq{}\" client={client} from=<> to={to} verdict={verdict} reason={reason} \
             disposition={disposition} mode={mode} at={at}{said}",
            time % 997
        );
        self.line(time, &message);
    }

    fn one(&mut self, time: i64) {
        let time = time + self.below(900);
        let client = ["192.0.2.7", "198.51.100.9", "2001:db8:0:1::25"][self.choice(3)];
        let (domain, mode) =
            [("example.com", "observe"), ("example.org", "quarantine"), ("example.net", "reject")][self.choice(3)];
        let to = format!("user{}@{domain}", self.below(40));
        let plain = Judged {
            to: &to,
            client,
            verdict: "genuine",
            reason: "tag-ok",
            disposition: "accept",
            mode,
            at: "rcpt",
            said: "",
        };
        match self.below(20) {
            0 => {
                let callout = Judged { verdict: "unverified", reason: "callout", ..plain };
                self.judged(time, &callout);
                self.asked += 1;
            }
            1 => {
                self.judged(time, &Judged { verdict: "unverified", reason: "callout", ..plain });
                let said = " class=mdn origin=unknown";
                let disposition = if mode == "observe" { "accept" } else { "mark" };
                let data =
                    Judged { verdict: "unverified", reason: "mdn-unverified", disposition, at: "data", said, ..plain };
                self.judged(time + 1, &data);
                self.unverified += 1;
            }
            2 => {
                let abuse = format!("abuse@{domain}");
                let role = Judged { to: &abuse, verdict: "not-judged", reason: "rfc5321-4.5.1", ..plain };
                self.judged(time, &role);
                self.not_judged += 1;
            }
            3 => {
                let disposition = if mode == "observe" { "accept" } else { mode };
                let forged = Judged { verdict: "disproved", reason: "tag-forged", disposition, ..plain };
                self.judged(time, &forged);
                self.disproved += 1;
                self.count_refusal(mode);
            }
            _ => {
                self.judged(time, &plain);
                self.genuine += 1;
            }
        }
    }

    fn backscatter(&mut self, time: i64) {
        let time = time + self.below(900);
        let client = format!("203.0.113.{}", self.below(250));
        let client = if self.below(3) == 0 { &*client } else { "192.0.2.200" };
        let (to, mode) = [("victim@example.com", "observe"), ("victim@example.net", "reject")][self.choice(2)];
        let callout = Judged {
            to,
            client,
            verdict: "unverified",
            reason: "callout",
            disposition: "accept",
            mode,
            at: "rcpt",
            said: "",
        };
        self.judged(time, &callout);
        let disposition = if mode == "observe" { "accept" } else { mode };
        let said = " class=dsn origin=disproved";
        let data =
            Judged { verdict: "disproved", reason: "backscatter-disproved", disposition, at: "data", said, ..callout };
        self.judged(time + 1, &data);
        self.disproved += 1;
        self.count_refusal(mode);
    }

    fn count_refusal(&mut self, mode: &str) {
        if mode == "reject" {
            self.refused += 1;
        } else {
            self.would_refuse += 1;
        }
    }

    fn choice(&mut self, of: i64) -> usize {
        usize::try_from(self.below(of)).expect("below a number that is one")
    }

    /// The numbers of Knuth's MMIX, from their better end.
    fn below(&mut self, limit: i64) -> i64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.random >> 33).expect("31 bits") % limit
    }
}

//! `batvd`: bounce address tags beside a mail server.

extern crate alloc;

use alloc::sync::Arc;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use batv_mta::config::Config;
use batv_mta::exposure;
use batv_mta::files::{FileSystem, Recorder};
use batv_mta::log;
use batv_mta::process::{self, Error, UserError, account};
use batv_mta::settings::Settings;
use batv_mta::setup::{MailServer, Site};
use batv_mta::threads;
use batv_report::Plain;
use clap::{Parser, Subcommand};

/// Tags outgoing mail and judges incoming bounces, beside Postfix, Sendmail and others.
#[derive(Debug, Parser)]
#[command(name = "batvd", version, about)]
struct Options {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", default_value = "/etc/batv/batvd.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Check the configuration and its keyring, then exit.
    Check,
    /// Run as OpenSMTPD's filter, on standard input and output.
    Filter,
    /// Run in the foreground (the default).
    Run,
    /// Print the lines that a mail server needs for this configuration.
    Setup {
        /// The mail server.
        server: MailServer,
        /// Check the installed configuration instead, and report faults (exit code 1).
        #[arg(long)]
        check: bool,
        /// The mail server's configuration file or folder, if not in its usual place.
        #[arg(long, value_name = "PATH")]
        at: Option<PathBuf>,
    },
    /// Serve as the worker; the daemon starts it itself.
    #[command(hide = true)]
    Worker,
}

/// Threads of the supervisor besides the first: the log, the states of the worker, names of hosts under `listen`.
const SUPERVISOR_THREADS: usize = 3;

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.command {
        Some(Command::Check) => check(&options.config),
        Some(Command::Filter) => run(&options.config, process::filter(&options.config)),
        Some(Command::Setup { server, check, at }) => {
            return setup(server, check, at.as_deref(), &options.config).unwrap_or_else(|message| fail(&message));
        }
        Some(Command::Worker) => process::work().map_err(|error| error.to_string()),
        Some(Command::Run) | None => run(&options.config, process::run(&options.config)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    say(message);
    ExitCode::from(2)
}

/// Words of files, which may be in it, have no effect on a terminal.
fn say(message: &str) {
    eprintln!("batvd: {}", Plain(message));
}

fn check(config: &Path) -> Result<(), String> {
    let files = Recorder::default();
    let settings = Settings::load(config, &files, &Arc::default()).map_err(|error| error.to_string())?;
    for warning in settings.warnings() {
        say(&warning);
    }
    // The user who checks need not be the one who starts the daemon.
    if let Err(error) = settings.check_owners(&files) {
        say(&error.to_string());
    }
    for warning in exposure::warnings(settings.config(), &files) {
        say(&warning);
    }
    if let Some(user) = &settings.config().sandbox.user {
        match account(user) {
            // Nor need it be root.
            Ok(_) | Err(UserError::NotRoot(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

fn setup(server: MailServer, check: bool, at: Option<&Path>, config_path: &Path) -> Result<ExitCode, String> {
    let config = Config::load(config_path, &FileSystem).map_err(|error| error.to_string())?;
    let site = Site { config: &config, config_path, at };
    let (said, code) = if check {
        let faults = server.check(site).map_err(|error| error.to_string())?;
        let code = if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        (faults.iter().map(|fault| format!("{fault}\n")).collect(), code)
    } else {
        (server.lines(site).map_err(|error| error.to_string())?, ExitCode::SUCCESS)
    };
    io::stdout().write_all(said.as_bytes()).map_err(|error| error.to_string())?;
    Ok(code)
}

fn run(config: &Path, process: impl Future<Output = Result<(), Error>>) -> Result<(), String> {
    let log = Config::load(config, &FileSystem).map_err(|error| error.to_string())?.log;
    threads::check(SUPERVISOR_THREADS).map_err(|error| error.to_string())?;
    let _log = log::begin(log, log::is_read_by_journal());
    // It needs one thread for its work; its worker has more.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(process).map_err(|error| error.to_string())
}

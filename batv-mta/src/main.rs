//! `batvd`: bounce address tags beside a mail server.

extern crate alloc;

use alloc::sync::Arc;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use batv_mta::config::Config;
use batv_mta::files::FileSystem;
use batv_mta::log;
use batv_mta::sandbox::{UserError, account};
use batv_mta::server::{self, Failure};
use batv_mta::settings::Settings;
use batv_mta::setup::{MailServer, Site};
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
    /// Say whether the configuration and its keyring can be used, and nothing else.
    Check,
    /// Run as OpenSMTPD's filter, on standard input and output.
    Filter,
    /// Run in the foreground: what happens without a command.
    Run,
    /// Print the lines that a mail server needs for this configuration.
    Setup {
        /// The mail server.
        server: MailServer,
        /// Read the installed configuration instead, and say what is missing or dangerous (exit code 1).
        #[arg(long)]
        check: bool,
        /// The mail server's file or folder of configuration, where it isn't in its usual place.
        #[arg(long, value_name = "PATH")]
        at: Option<PathBuf>,
    },
    /// Serve what the daemon hands over: it starts this itself.
    #[command(hide = true)]
    Worker,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.command {
        Some(Command::Check) => check(&options.config),
        Some(Command::Filter) => run(&options.config, server::filter(&options.config)),
        Some(Command::Setup { server, check, at }) => {
            return setup(server, check, at.as_deref(), &options.config).unwrap_or_else(|message| fail(&message));
        }
        Some(Command::Worker) => server::work().map_err(|failure| failure.to_string()),
        Some(Command::Run) | None => run(&options.config, server::run(&options.config)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("batvd: {message}");
    ExitCode::from(2)
}

fn check(config: &Path) -> Result<(), String> {
    let settings = Settings::load(config, &FileSystem, &Arc::default()).map_err(|error| error.to_string())?;
    if let Some(doubt) = settings.doubt() {
        eprintln!("batvd: {doubt}");
    }
    if let Some(user) = &settings.config().sandbox.user {
        match account(user) {
            // Whoever checks needs not be who starts the daemon.
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

fn run(config: &Path, server: impl Future<Output = Result<(), Failure>>) -> Result<(), String> {
    let log = Config::load(config, &FileSystem).map_err(|error| error.to_string())?.log;
    let _log = log::begin(log, log::is_read_by_journal());
    // It has little to do: its worker has threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(server).map_err(|error| error.to_string())
}

//! `batv generate`

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use crate::answer::{Outcome, print};
use crate::error::Error;

/// Print manual pages and shell completions
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv generate man sign | man -l -
  batv generate completions bash > /etc/bash_completion.d/batv")]
pub(crate) struct Generate {
    #[command(subcommand)]
    what: Generated,
}

#[derive(Debug, Subcommand)]
enum Generated {
    Man(Man),
    Completions(Completions),
}

/// Print a manual page, or write all of them
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv generate man sign | man -l -
  batv generate man --out /usr/local/share/man/man1")]
struct Man {
    /// Subcommand, such as `sign` or `srs forward` [default: batv itself]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all subcommands into this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv generate completions bash > /etc/bash_completion.d/batv
  batv generate completions fish > ~/.config/fish/completions/batv.fish")]
struct Completions {
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &Generate, program: clap::Command) -> Result<Outcome, Error> {
    match &arguments.what {
        Generated::Man(arguments) => man(arguments, program),
        Generated::Completions(arguments) => completions(arguments, program),
    }?;
    Ok(Outcome::Good)
}

fn man(arguments: &Man, mut program: clap::Command) -> Result<(), Error> {
    if let Some(directory) = &arguments.out {
        let in_directory = |source| Error::File { path: directory.clone(), source };
        fs::create_dir_all(directory).map_err(in_directory)?;
        return clap_mangen::generate_to(program, directory).map_err(in_directory);
    }
    program.build();
    let mut command = &program;
    for name in &arguments.command {
        let unknown =
            || Error::Usage(format!("{} has no subcommand {name}", command.get_display_name().unwrap_or("batv")));
        command = command.find_subcommand(name).ok_or_else(unknown)?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(Error::Output)?;
    print(&page)
}

fn completions(arguments: &Completions, mut program: clap::Command) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program, "batv", &mut script);
    print(&script)
}

//! The arguments of `podtrace rules`.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use super::super::completion;

/// Test and begin rules in Lua.
#[derive(Debug, Args)]
pub(in crate::cli) struct Rules {
    #[command(subcommand)]
    pub(in crate::cli) what: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RulesCommand {
    /// Run tests of rules: windows or a recording in, findings out.
    Test(RulesTest),
    /// Write a rule to begin with, and its test.
    New(RulesNew),
    /// Write the interface for editors (LuaCATS).
    Stubs(RulesStubs),
}

/// Write the interface for editors.
#[derive(Debug, Args)]
pub(in crate::cli) struct RulesStubs {
    /// The folder to write them into: a file for what all rules share, and one for each family.
    #[arg(value_name = "FOLDER")]
    pub(in crate::cli) to: PathBuf,
}

/// Run tests of rules.
#[derive(Debug, Args)]
pub(in crate::cli) struct RulesTest {
    /// Tests, or folders of them; else those of the shipped rules.
    #[arg(value_name = "TEST")]
    pub(in crate::cli) files: Vec<PathBuf>,
    /// The rules they test, where those are neither shipped nor in the test's folder, `../rules` or `rules` beside it.
    #[arg(long, value_name = "RULES", add = completion::rules())]
    pub(in crate::cli) rules: Vec<PathBuf>,
}

/// Write a rule to begin with.
#[derive(Debug, Args)]
pub(in crate::cli) struct RulesNew {
    /// Its name: small letters, digits and `-`.
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,
    /// The folder to write NAME.lua and NAME.test.lua into.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    pub(in crate::cli) to: PathBuf,
}

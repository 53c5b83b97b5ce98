//! The command line of a job: `--name value` pairs, each asked for by name; what nobody asked for is an error.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;

/// What was given and not yet asked for.
#[derive(Debug)]
pub(crate) struct Options {
    given: BTreeMap<String, Vec<String>>,
}

impl Options {
    /// Reads pairs; an option may repeat.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
        while let Some(argument) = arguments.next() {
            let Some(name) = argument.strip_prefix("--") else {
                bail!("expected an option such as `--count 23`, found `{argument}`");
            };
            let value = arguments.next().with_context(|| format!("`--{name}` needs a value"))?;
            given.entry(name.to_owned()).or_default().push(value);
        }
        Ok(Self { given })
    }

    /// All values of an option, in order.
    pub(crate) fn all(&mut self, name: &str) -> Vec<String> {
        self.given.remove(name).unwrap_or_default()
    }

    /// The value of an option.
    pub(crate) fn text(&mut self, name: &str) -> anyhow::Result<Option<String>> {
        let mut values = self.all(name);
        if values.len() > 1 {
            bail!("`--{name}` can be given once");
        }
        Ok(values.pop())
    }

    /// A number, with a default.
    pub(crate) fn number(&mut self, name: &str, default: u64) -> anyhow::Result<u64> {
        match self.text(name)? {
            Some(text) => text.parse().with_context(|| format!("`--{name}` takes a number, found `{text}`")),
            None => Ok(default),
        }
    }

    /// A path.
    pub(crate) fn path(&mut self, name: &str) -> anyhow::Result<Option<PathBuf>> {
        Ok(self.text(name)?.map(PathBuf::from))
    }

    /// A path that must be given.
    pub(crate) fn needed_path(&mut self, name: &str) -> anyhow::Result<PathBuf> {
        self.path(name)?.with_context(|| format!("`--{name} PATH` is needed"))
    }

    /// Addresses, in order.
    pub(crate) fn addresses(&mut self, name: &str) -> anyhow::Result<Vec<SocketAddr>> {
        self.all(name)
            .iter()
            .map(|text| text.parse().with_context(|| format!("`--{name}` takes an address, found `{text}`")))
            .collect()
    }

    /// An address that must be given.
    pub(crate) fn needed_address(&mut self, name: &str) -> anyhow::Result<SocketAddr> {
        let mut addresses = self.addresses(name)?;
        match (addresses.pop(), addresses.is_empty()) {
            (Some(address), true) => Ok(address),
            _ => bail!("`--{name} ADDRESS` is needed once"),
        }
    }

    /// An error if something was given that no one asked for.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.given.keys().next() {
            Some(name) => bail!("this job has no option `--{name}`"),
            None => Ok(()),
        }
    }
}

//! The kernel's description of its own types: is there such a tracepoint, such a field.
//!
//! A reader of names and structure only, over the raw bytes of `/sys/kernel/btf/vmlinux` (format:
//! `Documentation/bpf/btf.rst`). It resolves no offsets: relocation is libbpf's work. Total on any bytes.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use thiserror::Error;

mod layout;

pub use layout::Kind;

/// Where the running kernel keeps it, below the root.
pub const PATH: &str = "sys/kernel/btf/vmlinux";

/// What typedefs of tracepoints begin with: `btf_trace_sched_switch`.
const TRACEPOINT_PREFIX: &str = "btf_trace_";

/// Why there is no type information.
#[derive(Debug, Error)]
pub enum BtfError {
    /// The file cannot be read.
    #[error("cannot read `/{PATH}`: {0}")]
    Unreadable(#[from] io::Error),
    /// The bytes are not BTF.
    #[error("not BTF: {0}")]
    Header(&'static str),
    /// The types end in the middle of one.
    #[error("the BTF ends in the middle of type {0}")]
    Truncated(u32),
    /// A kind of type that this version does not know, whose length is therefore unknown.
    #[error("BTF type {id} is of the unknown kind {kind}: this kernel is newer than this podtrace")]
    UnknownKind {
        /// The type's number.
        id: u32,
        /// The kind's number.
        kind: u32,
    },
}

/// A kernel's type information.
pub struct Btf {
    bytes: Vec<u8>,
    /// Where the types lie in `bytes`.
    types: Range<usize>,
    /// Where the strings lie in `bytes`.
    strings: Range<usize>,
    /// Where each type begins in `types`; type 1 comes first.
    offsets: Vec<u32>,
    /// (hash of the name, type number) of all named types, sorted.
    names: Vec<(u32, u32)>,
}

impl fmt::Debug for Btf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Btf({} types)", self.offsets.len())
    }
}

impl Btf {
    /// Reads that of the running kernel, below `root`.
    ///
    /// # Errors
    /// The file is missing or is not understood.
    pub fn read(root: &Path) -> Result<Self, BtfError> {
        Self::parse(fs::read(root.join(PATH))?)
    }

    /// Takes raw BTF apart.
    ///
    /// # Errors
    /// The bytes are not whole BTF of known kinds.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, BtfError> {
        let (types_at, strings_at) = layout::sections(&bytes)?;
        let (types, strings) = (&bytes[types_at.clone()], &bytes[strings_at.clone()]);
        let mut offsets = Vec::with_capacity(types.len() / 32);
        let mut names = Vec::with_capacity(types.len() / 32);
        let mut at = 0;
        while at < types.len() {
            let id = u32::try_from(offsets.len() + 1).map_err(|_| BtfError::Header("too many types"))?;
            let header = layout::Header::at(types, at).ok_or(BtfError::Truncated(id))?;
            let kind = header.kind().ok_or(BtfError::UnknownKind { id, kind: header.kind_number() })?;
            let name = layout::text(strings, header.name);
            if !name.is_empty() {
                names.push((hash(kind, name), id));
            }
            offsets.push(u32::try_from(at).map_err(|_| BtfError::Header("too long"))?);
            at += layout::HEADER + kind.trailing_bytes(header.members());
            if at > types.len() {
                return Err(BtfError::Truncated(id));
            }
        }
        names.sort_unstable();
        Ok(Self { bytes, types: types_at, strings: strings_at, offsets, names })
    }

    fn types(&self) -> &[u8] {
        &self.bytes[self.types.clone()]
    }

    fn text(&self, at: u32) -> &[u8] {
        layout::text(&self.bytes[self.strings.clone()], at)
    }

    /// The number of the first type of this kind and name, as the `bpf` system call wants it.
    pub fn id(&self, kind: Kind, name: &str) -> Option<u32> {
        self.ids(kind, name).next()
    }

    /// Whether there is a type of this kind and name.
    pub fn has(&self, kind: Kind, name: &str) -> bool {
        self.id(kind, name).is_some()
    }

    /// Whether programs can be attached to this tracepoint with its arguments typed (`tp_btf`).
    pub fn has_tracepoint(&self, name: &str) -> bool {
        self.tracepoint(name).is_some()
    }

    /// The number of the type a `tp_btf` program for this tracepoint is loaded with.
    pub fn tracepoint(&self, name: &str) -> Option<u32> {
        self.id(Kind::Typedef, &format!("{TRACEPOINT_PREFIX}{name}"))
    }

    /// How many arguments a tracepoint hands over, its hidden first one not counted; `None` if there is no such
    /// tracepoint.
    pub fn tracepoint_arguments(&self, name: &str) -> Option<u32> {
        let pointer = self.header(self.tracepoint(name)?)?.referred;
        let function = self.header(self.header(pointer)?.referred)?;
        (function.kind()? == Kind::FuncProto).then(|| function.members().saturating_sub(1))
    }

    /// Whether a structure (or union) has a member of this name, directly or in an unnamed structure or union inside.
    pub fn has_field(&self, structure: &str, field: &str) -> bool {
        let mut open: Vec<u32> = self.ids(Kind::Struct, structure).chain(self.ids(Kind::Union, structure)).collect();
        let mut seen: BTreeSet<u32> = open.iter().copied().collect();
        while let Some(id) = open.pop() {
            for (name, member) in self.members(id) {
                if !name.is_empty() && name == field.as_bytes() {
                    return true;
                }
                let nested = || matches!(self.header(member)?.kind()?, Kind::Struct | Kind::Union).then_some(());
                if name.is_empty() && nested().is_some() && seen.insert(member) {
                    open.push(member);
                }
            }
        }
        false
    }

    /// Whether an enumeration has this enumerator, e.g. `cgroup_subsys_id` has `memory_cgrp_id`, or `bpf_func_id` a
    /// helper.
    pub fn has_enumerator(&self, enumeration: &str, name: &str) -> bool {
        self.ids(Kind::Enum, enumeration)
            .chain(self.ids(Kind::Enum64, enumeration))
            .any(|id| self.members(id).any(|(one, _)| one == name.as_bytes()))
    }

    /// Types of this kind and name, lowest number first.
    fn ids(&self, kind: Kind, name: &str) -> impl Iterator<Item = u32> {
        let wanted = hash(kind, name.as_bytes());
        let first = self.names.partition_point(|(hash, _)| *hash < wanted);
        let same = self.names[first..].iter().take_while(move |(hash, _)| *hash == wanted);
        let matches = move |id: &u32| {
            let header = self.header(*id);
            header.is_some_and(|one| one.kind() == Some(kind) && self.text(one.name) == name.as_bytes())
        };
        same.map(|(_, id)| *id).filter(matches)
    }

    fn header(&self, id: u32) -> Option<layout::Header> {
        let at = *self.offsets.get(usize::try_from(id).ok()?.checked_sub(1)?)?;
        layout::Header::at(self.types(), at as usize)
    }

    /// (name, type) of each member of a structure or union; (name, value) of each enumerator.
    fn members(&self, id: u32) -> impl Iterator<Item = (&[u8], u32)> {
        let at = id.checked_sub(1).and_then(|index| self.offsets.get(index as usize)).copied();
        let header = self.header(id);
        let size = header.and_then(|one| one.kind()).map_or(0, |kind| kind.trailing_bytes(1));
        let count = header.map_or(0, |one| one.members()) as usize;
        let begin = at.map_or(0, |at| at as usize + layout::HEADER);
        (0..count).map_while(move |index| {
            let member = begin + index * size;
            let name = layout::number(self.types(), member)?;
            Some((self.text(name), layout::number(self.types(), member + 4)?))
        })
    }
}

/// FNV-1a over the kind and the name: short names, no adversary, and a clash costs one comparison.
fn hash(kind: Kind, name: &[u8]) -> u32 {
    let mut value = 0x811c_9dc5_u32 ^ (kind as u32);
    for byte in name {
        value = (value ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    }
    value
}

#[cfg(test)]
pub(super) mod tests;

//! How BTF lies in bytes: `struct btf_header`, `struct btf_type` and what follows each (`linux/btf.h`).

use std::ops::Range;

use super::BtfError;

/// `BTF_MAGIC`.
const MAGIC: u16 = 0xEB9F;

/// Bytes of `struct btf_type`.
pub(super) const HEADER: usize = 12;

/// The kinds of types (`BTF_KIND_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the kernel's own words")]
#[repr(u8)]
pub enum Kind {
    Int = 1,
    Ptr,
    Array,
    Struct,
    Union,
    Enum,
    Fwd,
    Typedef,
    Volatile,
    Const,
    Restrict,
    Func,
    FuncProto,
    Var,
    Datasec,
    Float,
    DeclTag,
    TypeTag,
    Enum64,
}

impl Kind {
    const ALL: [Self; 19] = [
        Self::Int,
        Self::Ptr,
        Self::Array,
        Self::Struct,
        Self::Union,
        Self::Enum,
        Self::Fwd,
        Self::Typedef,
        Self::Volatile,
        Self::Const,
        Self::Restrict,
        Self::Func,
        Self::FuncProto,
        Self::Var,
        Self::Datasec,
        Self::Float,
        Self::DeclTag,
        Self::TypeTag,
        Self::Enum64,
    ];

    /// Bytes that follow the header of a type of this kind with so many members.
    pub(super) fn trailing_bytes(self, members: u32) -> usize {
        let members = members as usize;
        match self {
            Self::Int | Self::Var | Self::DeclTag => 4,
            Self::Array => 12,
            Self::Struct | Self::Union | Self::Datasec | Self::Enum64 => 12 * members,
            Self::Enum | Self::FuncProto => 8 * members,
            Self::Ptr | Self::Fwd | Self::Typedef | Self::Volatile | Self::Const => 0,
            Self::Restrict | Self::Func | Self::Float | Self::TypeTag => 0,
        }
    }
}

/// `struct btf_type`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// Where its name begins in the strings.
    pub(super) name: u32,
    /// Number of members, kind and flag.
    info: u32,
    /// The type it refers to, or its size, by kind.
    pub(super) referred: u32,
}

impl Header {
    /// The one at this place.
    pub(super) fn at(types: &[u8], at: usize) -> Option<Self> {
        Some(Self { name: number(types, at)?, info: number(types, at + 4)?, referred: number(types, at + 8)? })
    }

    /// The kind's number: bits 24 to 28.
    pub(super) fn kind_number(self) -> u32 {
        self.info >> 24 & 0x1f
    }

    /// The kind, if it is a known one.
    pub(super) fn kind(self) -> Option<Kind> {
        Kind::ALL.get((self.kind_number() as usize).checked_sub(1)?).copied()
    }

    /// How many members, enumerators or parameters: bits 0 to 15.
    pub(super) fn members(self) -> u32 {
        self.info & 0xffff
    }
}

/// Where the types and the strings lie.
pub(super) fn sections(bytes: &[u8]) -> Result<(Range<usize>, Range<usize>), BtfError> {
    let magic = bytes.first_chunk().ok_or(BtfError::Header("too short"))?;
    if u16::from_ne_bytes(*magic) != MAGIC {
        let swapped = u16::from_ne_bytes(*magic).swap_bytes() == MAGIC;
        return Err(BtfError::Header(if swapped { "the bytes are in the other order" } else { "wrong magic number" }));
    }
    let field = |at: usize| number(bytes, at).ok_or(BtfError::Header("too short"));
    let header = field(4)? as usize;
    let section = |offset: u32, length: u32| {
        let begin = header.checked_add(offset as usize);
        let end = begin.and_then(|begin| begin.checked_add(length as usize));
        let inside = |(begin, end): &(usize, usize)| bytes.get(*begin..*end).is_some();
        begin.zip(end).filter(inside).map(|(begin, end)| begin..end).ok_or(BtfError::Header("a section lies outside"))
    };
    Ok((section(field(8)?, field(12)?)?, section(field(16)?, field(20)?)?))
}

/// A 32-bit number at this place, in the machine's order.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_ne_bytes(*four))
}

/// The string at this place, without its closing zero; empty if it lies outside.
pub(super) fn text(strings: &[u8], at: u32) -> &[u8] {
    let rest = strings.get(at as usize..).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    &rest[..end]
}

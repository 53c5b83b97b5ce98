//! What an executable file says of how it was built: its loader, its libraries, its language.
//!
//! The file is somebody else's and may be anything: reads are bounded one by one and in all, and what makes no sense is an
//! absence. Nothing of it is mapped, so that a file that shrinks meanwhile is a failed read and no fault.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use object::Endianness;
use object::FileKind;
use object::ReadCache;
use object::ReadRef;
use object::elf;
use object::read::elf::Dyn as _;
use object::read::elf::FileHeader;
use object::read::elf::ProgramHeader as _;
use object::read::elf::SectionHeader as _;

/// The largest single piece that is read, in bytes. Headers, notes and names are far smaller.
const PIECE_MAX: u64 = 4 << 20;

/// All that is read as pieces, in bytes.
const PIECES_MAX: u64 = 32 << 20;

/// How much of the read-only data is searched for traces of a compiler, in bytes.
const SEARCH_MAX: u64 = 32 << 20;

/// How much is searched at a time, in bytes.
const SEARCH_STEP: usize = 1 << 20;

/// Libraries that are remembered.
const NEEDED_MAX: usize = 256;

/// The longest name or version that is remembered, in bytes.
const TEXT_MAX: usize = 256;

/// What an executable says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Executable {
    /// 32 or 64.
    pub bits: u8,
    /// The loader it asks for; `None` if it is linked statically.
    pub interpreter: Option<String>,
    /// The libraries it names.
    pub needed: Vec<String>,
    /// It was built by Go; of this version, where it says so.
    pub go: Option<Option<String>>,
    /// It was built by rustc, or holds Rust's standard library.
    pub rust: bool,
}

/// Why an executable says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExecutableError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It is something else.
    #[error("is no ELF file")]
    Foreign,
    /// It contradicts itself.
    #[error("cannot be made sense of: {0}")]
    Malformed(object::Error),
}

/// A file of which no more than so much is read.
#[derive(Clone, Copy)]
struct Pieces<'a> {
    cache: &'a ReadCache<&'a File>,
    left: &'a Cell<u64>,
}

impl<'a> Pieces<'a> {
    fn spend(self, size: u64) -> Result<(), ()> {
        let left = self.left.get().checked_sub(size).ok_or(())?;
        if size > PIECE_MAX {
            return Err(());
        }
        self.left.set(left);
        Ok(())
    }
}

impl<'a> ReadRef<'a> for Pieces<'a> {
    fn len(self) -> Result<u64, ()> {
        ReadRef::len(self.cache)
    }

    fn read_bytes_at(self, offset: u64, size: u64) -> Result<&'a [u8], ()> {
        self.spend(size)?;
        self.cache.read_bytes_at(offset, size)
    }

    fn read_bytes_at_until(self, range: Range<u64>, delimiter: u8) -> Result<&'a [u8], ()> {
        // What lies behind the longest name is not asked for.
        let end = range.end.min(range.start.saturating_add(TEXT_MAX as u64)).min(ReadRef::len(self)?);
        self.spend(TEXT_MAX as u64)?;
        self.cache.read_bytes_at_until(range.start..end, delimiter)
    }
}

impl Executable {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no ELF file.
    pub fn read(path: &Path) -> Result<Self, ExecutableError> {
        let file = File::open(path)?;
        let cache = ReadCache::new(&file);
        let left = Cell::new(PIECES_MAX);
        let pieces = Pieces { cache: &cache, left: &left };
        match FileKind::parse(pieces) {
            Ok(FileKind::Elf32) => parse::<elf::FileHeader32<Endianness>>(pieces, &file, 32),
            Ok(FileKind::Elf64) => parse::<elf::FileHeader64<Endianness>>(pieces, &file, 64),
            _ => Err(ExecutableError::Foreign),
        }
    }

    /// The library whose name begins so.
    pub fn library(&self, name: &str) -> Option<&str> {
        self.needed.iter().find(|needed| needed.starts_with(name)).map(String::as_str)
    }
}

fn parse<'a, H: FileHeader<Endian = Endianness>>(
    data: Pieces<'a>,
    file: &File,
    bits: u8,
) -> Result<Executable, ExecutableError> {
    let header = H::parse(data).map_err(ExecutableError::Malformed)?;
    let endian = header.endian().map_err(ExecutableError::Malformed)?;
    let mut found = Executable { bits, ..Executable::default() };
    // Files may be without either of these tables: each is taken for what it is.
    let segments = header.program_headers(endian, data).unwrap_or_default();
    for segment in segments {
        if let Ok(Some(interpreter)) = segment.interpreter(endian, data) {
            found.interpreter = Some(text(interpreter));
        }
        if let Ok(Some(mut notes)) = segment.notes(endian, data) {
            while let Ok(Some(note)) = notes.next() {
                if note.name() == b"Go" {
                    found.go = Some(None);
                }
            }
        }
        if let Ok(Some(entries)) = segment.dynamic(endian, data) {
            found.needed = needed::<H>(entries, segments, endian, data);
        }
    }
    let Ok(sections) = header.sections(endian, data) else { return Ok(found) };
    let of_name = |name: &[u8]| sections.section_by_name(endian, name).map(|(_, section)| section);
    if let Some(section) = of_name(b".go.buildinfo") {
        let data = section.data(endian, data).unwrap_or_default();
        found.go = Some(go_version(data));
    }
    let comment = of_name(b".comment").and_then(|section| section.data(endian, data).ok()).unwrap_or_default();
    let read_only = of_name(b".rodata").and_then(|section| section.file_range(endian));
    found.rust = found.go.is_none()
        && (holds(comment, b"rustc version") || read_only.is_some_and(|(from, size)| names_rust(file, from, size)));
    Ok(found)
}

/// The names of libraries in a dynamic section.
fn needed<'a, H: FileHeader<Endian = Endianness>>(
    entries: &[H::Dyn],
    segments: &'a [H::ProgramHeader],
    endian: Endianness,
    data: Pieces<'a>,
) -> Vec<String> {
    let is = |entry: &&H::Dyn, tag: i64| Into::<i64>::into(entry.d_tag(endian)) == tag;
    let value = |entry: &H::Dyn| Into::<u64>::into(entry.d_val(endian));
    let Some(table) = entries.iter().find(|entry| is(entry, elf::DT_STRTAB)).map(value) else { return Vec::new() };
    // The table is named by its address in memory: the segment that is loaded there says where it is in the file.
    let in_file = segments.iter().find_map(|segment| {
        let (from, size): (u64, u64) = (segment.p_vaddr(endian).into(), segment.p_filesz(endian).into());
        let inside = table.checked_sub(from).filter(|inside| *inside < size)?;
        let offset: u64 = segment.p_offset(endian).into();
        (segment.p_type(endian) == elf::PT_LOAD).then(|| offset.checked_add(inside))?
    });
    let Some(in_file) = in_file else { return Vec::new() };
    let names = entries.iter().filter(|entry| is(entry, elf::DT_NEEDED)).take(NEEDED_MAX);
    let name = |entry: &H::Dyn| {
        let at = in_file.checked_add(value(entry))?;
        data.read_bytes_at_until(at..u64::MAX, 0).ok().map(text)
    };
    names.filter_map(name).collect()
}

/// The version in Go's build information (`debug/buildinfo` of Go): since 1.18 it stands there itself, preceded by its
/// length; before, there was an address of it.
fn go_version(section: &[u8]) -> Option<String> {
    const MAGIC: &[u8] = b"\xff Go buildinf:";
    const HEADER: usize = 32;
    const INLINE: u8 = 2;
    if !section.starts_with(MAGIC) || section.get(MAGIC.len() + 1)? & INLINE == 0 {
        return None;
    }
    let mut rest = section.get(HEADER..)?;
    let mut length = 0usize;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let version = rest.get(..length.min(TEXT_MAX)).filter(|_| length <= rest.len())?;
    let version = text(version);
    version.strip_prefix("go").map(str::to_owned).filter(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a part of a file names sources of Rust's standard library, as its panics do.
fn names_rust(file: &File, from: u64, size: u64) -> bool {
    const NAME: &[u8] = b"/rustc/";
    let end = from.saturating_add(size.min(SEARCH_MAX));
    let mut at = from;
    let mut piece = vec![0; SEARCH_STEP];
    while at < end {
        let wanted = usize::try_from(end - at).unwrap_or(SEARCH_STEP).min(SEARCH_STEP);
        let Ok(read) = file.read_at(&mut piece[..wanted], at) else { return false };
        if holds(&piece[..read], NAME) {
            return true;
        }
        if read < NAME.len() {
            return false;
        }
        // A name may lie across the border.
        at += (read - NAME.len() + 1) as u64;
    }
    false
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Text that ends at its first zero byte, at most so long, lossy where it is not UTF-8.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()).min(TEXT_MAX);
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
pub(super) mod example;
#[cfg(test)]
mod tests;

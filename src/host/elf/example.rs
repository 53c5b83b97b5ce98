//! For tests: executables made by hand.

/// What is in one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Example<'a> {
    /// A 32-bit header, and nothing behind it.
    pub(crate) is_32_bit: bool,
    /// The loader.
    pub(crate) interpreter: Option<&'a str>,
    /// Libraries.
    pub(crate) needed: &'a [&'a str],
    /// Notes: name and description.
    pub(crate) notes: &'a [(&'a str, &'a [u8])],
    /// Sections: name and content.
    pub(crate) sections: &'a [(&'a str, &'a [u8])],
}

/// Where the file is loaded.
const BASE: u64 = 0x40_0000;

const HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const SECTION_HEADER: usize = 64;

impl Example<'_> {
    /// The file.
    pub(crate) fn build(&self) -> Vec<u8> {
        if self.is_32_bit {
            let mut file = b"\x7fELF\x01\x01\x01".to_vec();
            file.resize(52, 0);
            (file[16], file[18], file[20], file[40]) = (2, 3, 1, 52);
            return file;
        }
        let mut body = Body { bytes: vec![0; HEADER + 4 * PROGRAM_HEADER] };
        let mut segments = Vec::new();
        if let Some(interpreter) = self.interpreter {
            let at = body.add(&[interpreter.as_bytes(), b"\0"].concat());
            segments.push((3u32, at));
        }
        let mut notes = Vec::new();
        for (name, description) in self.notes {
            for number in [name.len() as u32 + 1, description.len() as u32, 4] {
                notes.extend(number.to_le_bytes());
            }
            for part in [&[name.as_bytes(), b"\0"].concat(), *description] {
                notes.extend(part);
                notes.resize(notes.len().next_multiple_of(4), 0);
            }
        }
        if !notes.is_empty() {
            segments.push((4, body.add(&notes)));
        }
        if !self.needed.is_empty() {
            let mut names = vec![0];
            let mut entries: Vec<(u64, u64)> = Vec::new();
            for name in self.needed {
                entries.push((1, names.len() as u64));
                names.extend(name.as_bytes());
                names.push(0);
            }
            let (table, _) = body.add(&names);
            entries.extend([(5, BASE + table), (0, 0)]);
            let entries: Vec<u8> =
                entries.iter().flat_map(|(tag, value)| [tag.to_le_bytes(), value.to_le_bytes()].concat()).collect();
            segments.push((2, body.add(&entries)));
        }
        let mut names = vec![0];
        let mut headers = vec![0; SECTION_HEADER];
        for (name, content) in self.sections.iter().chain([&(".shstrtab", &[][..])]) {
            let place = names.len() as u32;
            names.extend(name.as_bytes());
            names.push(0);
            let last = *name == ".shstrtab";
            let (at, size) = body.add(if last { &names } else { content });
            let mut header = vec![0; SECTION_HEADER];
            header[..4].copy_from_slice(&place.to_le_bytes());
            header[4] = if last { 3 } else { 1 };
            header[24..32].copy_from_slice(&at.to_le_bytes());
            header[32..40].copy_from_slice(&size.to_le_bytes());
            headers.extend(header);
        }
        let (sections, _) = body.add(&headers);
        let whole = body.bytes.len() as u64;
        segments.push((1, (0, whole)));
        body.headers(&segments, sections, self.sections.len() as u16 + 2)
    }
}

struct Body {
    bytes: Vec<u8>,
}

impl Body {
    fn add(&mut self, content: &[u8]) -> (u64, u64) {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.bytes.len() as u64;
        self.bytes.extend(content);
        (at, content.len() as u64)
    }

    fn headers(mut self, segments: &[(u32, (u64, u64))], sections: u64, count: u16) -> Vec<u8> {
        let mut put = |at: usize, bytes: &[u8]| self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, b"\x7fELF\x02\x01\x01");
        put(16, &[2, 0, 62, 0, 1]);
        put(32, &(HEADER as u64).to_le_bytes());
        put(40, &sections.to_le_bytes());
        put(52, &[64, 0, 56, 0, segments.len() as u8, 0, 64, 0]);
        put(60, &count.to_le_bytes());
        put(62, &(count - 1).to_le_bytes());
        for (number, (kind, (at, size))) in segments.iter().enumerate() {
            let header = HEADER + number * PROGRAM_HEADER;
            put(header, &kind.to_le_bytes());
            put(header + 8, &at.to_le_bytes());
            put(header + 16, &(BASE + at).to_le_bytes());
            put(header + 32, &size.to_le_bytes());
            put(header + 40, &size.to_le_bytes());
            put(header + 48, &4u64.to_le_bytes());
        }
        self.bytes
    }
}

/// Go's build information with a version in it.
pub(crate) fn go_information(version: &str) -> Vec<u8> {
    let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
    bytes.resize(32, 0);
    bytes.push(version.len() as u8);
    bytes.extend(version.as_bytes());
    bytes
}

use super::{CborError, DEPTH_MAX, Keys, Problem};

/// Reads deterministic CBOR item by item, refusing every other encoding. It borrows and never allocates.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

/// The head of an item: scalars carry their value, containers their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// 0 and above.
    Unsigned(u64),
    /// Below 0, down to −2^63.
    Negative(i64),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text string.
    Text(&'a str),
    /// An array; its items follow.
    Array(usize),
    /// A map; this many keys, each with its value, follow.
    Map(usize),
    /// `false` or `true`.
    Bool(bool),
    /// `null`.
    Null,
}

impl<'a> Reader<'a> {
    /// A reader at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0 }
    }

    /// The next item's head.
    pub fn item(&mut self) -> Result<Item<'a>, CborError> {
        let start = self.offset;
        let first = *self.bytes.get(start).ok_or(fault(start, Problem::Truncated))?;
        self.offset += 1;
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 6 {
            return Err(fault(start, Problem::Tag));
        }
        if major == 7 {
            return match info {
                20 => Ok(Item::Bool(false)),
                21 => Ok(Item::Bool(true)),
                22 => Ok(Item::Null),
                25..=27 => Err(fault(start, Problem::Float)),
                _ => Err(fault(start, Problem::Simple)),
            };
        }
        let argument = self.argument(start, info)?;
        match major {
            0 => Ok(Item::Unsigned(argument)),
            1 => match i64::try_from(argument) {
                Ok(argument) => Ok(Item::Negative(-1 - argument)),
                Err(_) => Err(fault(start, Problem::IntegerTooLow)),
            },
            2 => self.take(start, argument).map(Item::Bytes),
            3 => {
                let text = std::str::from_utf8(self.take(start, argument)?).map_err(|_| fault(start, Problem::Utf8))?;
                Ok(Item::Text(text))
            }
            // Every item takes a byte at least, so a length beyond what is left is a lie; nothing is reserved on its word.
            4 => self.fits(start, argument, 1).map(Item::Array),
            _ => self.fits(start, argument, 2).map(Item::Map),
        }
    }

    /// Passes over one whole item, checking all of it, and returns its bytes.
    pub fn skip(&mut self, keys: Keys) -> Result<&'a [u8], CborError> {
        let start = self.offset;
        self.skip_within(keys, DEPTH_MAX)?;
        Ok(&self.bytes[start..self.offset])
    }

    /// Refuses bytes after the end.
    pub fn finish(self) -> Result<(), CborError> {
        if self.offset == self.bytes.len() { Ok(()) } else { Err(fault(self.offset, Problem::Trailing)) }
    }

    /// An unsigned integer.
    pub fn unsigned(&mut self) -> Result<u64, CborError> {
        self.expect(|item| if let Item::Unsigned(value) = item { Some(value) } else { None })
    }

    /// An integer that fits 64 bits with sign.
    pub fn signed(&mut self) -> Result<i64, CborError> {
        self.expect(|item| match item {
            Item::Unsigned(value) => i64::try_from(value).ok(),
            Item::Negative(value) => Some(value),
            _ => None,
        })
    }

    /// A byte string of exactly `N` bytes.
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        self.expect(|item| if let Item::Bytes(value) = item { value.try_into().ok() } else { None })
    }

    /// A text.
    pub fn text(&mut self) -> Result<&'a str, CborError> {
        self.expect(|item| if let Item::Text(value) = item { Some(value) } else { None })
    }

    /// The head of a map: how many keys follow.
    pub fn map(&mut self) -> Result<usize, CborError> {
        self.expect(|item| if let Item::Map(length) = item { Some(length) } else { None })
    }

    /// The text key `name`, and nothing else.
    pub fn key(&mut self, name: &str) -> Result<(), CborError> {
        self.expect(|item| (item == Item::Text(name)).then_some(()))
    }

    /// The error for an item that is well formed and yet not the one that belongs here.
    pub fn unexpected(&self) -> CborError {
        fault(self.offset, Problem::Unexpected)
    }

    fn expect<T>(&mut self, pick: impl FnOnce(Item<'a>) -> Option<T>) -> Result<T, CborError> {
        let start = self.offset;
        pick(self.item()?).ok_or(fault(start, Problem::Unexpected))
    }

    fn skip_within(&mut self, keys: Keys, depth_left: usize) -> Result<(), CborError> {
        let start = self.offset;
        let item = self.item()?;
        if matches!(item, Item::Array(_) | Item::Map(_)) && depth_left == 0 {
            return Err(fault(start, Problem::TooDeep));
        }
        match item {
            Item::Array(length) => (0..length).try_for_each(|_| self.skip_within(keys, depth_left - 1)),
            Item::Map(length) => self.skip_map(length, keys, depth_left - 1),
            _ => Ok(()),
        }
    }

    fn skip_map(&mut self, length: usize, keys: Keys, depth_left: usize) -> Result<(), CborError> {
        let mut previous: &[u8] = &[];
        for _ in 0..length {
            let start = self.offset;
            self.skip_within(keys, depth_left)?;
            let key = &self.bytes[start..self.offset];
            if keys == Keys::Text && key[0] >> 5 != 3 {
                return Err(fault(start, Problem::KeyNotText));
            }
            // No encoded key is empty, so the first one is always above the empty slice.
            match key.cmp(previous) {
                std::cmp::Ordering::Greater => previous = key,
                std::cmp::Ordering::Equal => return Err(fault(start, Problem::DuplicateKey)),
                std::cmp::Ordering::Less => return Err(fault(start, Problem::KeyOrder)),
            }
            self.skip_within(keys, depth_left)?;
        }
        Ok(())
    }

    fn argument(&mut self, start: usize, info: u8) -> Result<u64, CborError> {
        let (length, least) = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            31 => return Err(fault(start, Problem::Indefinite)),
            _ => return Err(fault(start, Problem::Simple)),
        };
        let value = self.take(start, length)?.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        if value < least { Err(fault(start, Problem::NotShortest)) } else { Ok(value) }
    }

    fn take(&mut self, start: usize, length: u64) -> Result<&'a [u8], CborError> {
        let length = self.fits(start, length, 1)?;
        let taken = &self.bytes[self.offset..self.offset + length];
        self.offset += length;
        Ok(taken)
    }

    fn fits(&self, start: usize, length: u64, bytes_each: usize) -> Result<usize, CborError> {
        let most = (self.bytes.len() - self.offset) / bytes_each;
        usize::try_from(length).ok().filter(|&length| length <= most).ok_or(fault(start, Problem::Truncated))
    }
}

fn fault(offset: usize, problem: Problem) -> CborError {
    CborError::Malformed { offset, problem }
}

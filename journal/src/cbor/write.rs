use serde::ser::{self, Serialize};

use super::{BYTES_MAX, CborError, DEPTH_MAX, Keys};

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;

/// The shortest head for a major type and its argument (RFC 8949 §4.2.1).
fn write_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    let bytes = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(major | bytes[7]),
        24..=0xff => out.extend([major | 24, bytes[7]]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend(&bytes[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend(&bytes[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend(&bytes);
        }
    }
}

pub(crate) fn write_u64(out: &mut Vec<u8>, value: u64) {
    write_head(out, UNSIGNED, value);
}

pub(crate) fn write_i64(out: &mut Vec<u8>, value: i64) {
    // A negative integer is stored as −1 − n, which for two's complement is its bitwise complement.
    let (major, argument) = if value < 0 { (NEGATIVE, !value) } else { (UNSIGNED, value) };
    write_head(out, major, argument.cast_unsigned());
}

pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_head(out, BYTES, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(out, TEXT, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn write_map_head(out: &mut Vec<u8>, length: u64) {
    write_head(out, MAP, length);
}

/// The serde serializer behind `encode`.
pub(crate) struct Writer {
    out: Vec<u8>,
    depth: usize,
    keys: Keys,
}

impl Writer {
    pub(crate) fn new(keys: Keys) -> Self {
        Self { out: Vec::with_capacity(256), depth: 0, keys }
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, CborError> {
        if self.out.len() > BYTES_MAX { Err(CborError::TooLarge) } else { Ok(self.out) }
    }

    fn open(&mut self) -> Result<usize, CborError> {
        if self.depth == DEPTH_MAX {
            return Err(CborError::TooDeep);
        }
        if self.out.len() > BYTES_MAX {
            return Err(CborError::TooLarge);
        }
        self.depth += 1;
        let start = self.out.len();
        // Room for the head: one byte is right for fewer than 24 items, and `close` makes room for more.
        self.out.push(0);
        Ok(start)
    }

    fn close(&mut self, start: usize, major: u8, length: usize) {
        self.depth -= 1;
        let mut head = Vec::with_capacity(9);
        write_head(&mut head, major, length as u64);
        self.out[start] = head[0];
        if head.len() > 1 {
            self.out.splice(start + 1..start + 1, head.into_iter().skip(1));
        }
    }

    fn array(&mut self) -> Result<ArrayWriter<'_>, CborError> {
        let start = self.open()?;
        Ok(ArrayWriter { writer: self, start, length: 0, in_variant: None })
    }

    fn map(&mut self) -> Result<MapWriter<'_>, CborError> {
        let start = self.open()?;
        Ok(MapWriter { writer: self, start, pairs: Vec::new(), in_variant: None })
    }

    /// Opens the map of one that stands for an enum variant with content.
    fn variant(&mut self, name: &str) -> Result<usize, CborError> {
        let start = self.open()?;
        write_text(&mut self.out, name);
        Ok(start)
    }
}

pub(crate) struct ArrayWriter<'w> {
    writer: &'w mut Writer,
    start: usize,
    length: usize,
    in_variant: Option<usize>,
}

impl ArrayWriter<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        self.length += 1;
        value.serialize(&mut *self.writer)
    }

    fn close(self) {
        self.writer.close(self.start, ARRAY, self.length);
        if let Some(variant) = self.in_variant {
            self.writer.close(variant, MAP, 1);
        }
    }
}

pub(crate) struct MapWriter<'w> {
    writer: &'w mut Writer,
    start: usize,
    /// Where each key and its value begin in the output.
    pairs: Vec<(usize, usize)>,
    in_variant: Option<usize>,
}

impl MapWriter<'_> {
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CborError> {
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        if self.writer.keys == Keys::Text && self.writer.out[start] >> 5 != TEXT {
            return Err(CborError::KeyNotText);
        }
        self.pairs.push((start, self.writer.out.len()));
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        value.serialize(&mut *self.writer)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), CborError> {
        let start = self.writer.out.len();
        write_text(&mut self.writer.out, name);
        self.pairs.push((start, self.writer.out.len()));
        self.value(value)
    }

    fn close(self) -> Result<(), CborError> {
        let out = &mut self.writer.out;
        let key = |pair: &(usize, usize)| &out[pair.0..pair.1];
        if !self.pairs.is_sorted_by(|left, right| key(left) < key(right)) {
            let mut spans: Vec<(usize, usize, usize)> = Vec::with_capacity(self.pairs.len());
            for (position, &(start, value)) in self.pairs.iter().enumerate() {
                spans.push((start, value, self.pairs.get(position + 1).map_or(out.len(), |next| next.0)));
            }
            spans.sort_unstable_by(|left, right| out[left.0..left.1].cmp(&out[right.0..right.1]));
            if spans.windows(2).any(|two| out[two[0].0..two[0].1] == out[two[1].0..two[1].1]) {
                return Err(CborError::DuplicateKey);
            }
            let mut sorted = Vec::with_capacity(out.len() - self.start);
            for (start, _, end) in spans {
                sorted.extend_from_slice(&out[start..end]);
            }
            out.truncate(self.start + 1);
            out.extend_from_slice(&sorted);
        }
        self.writer.close(self.start, MAP, self.pairs.len());
        if let Some(variant) = self.in_variant {
            self.writer.close(variant, MAP, 1);
        }
        Ok(())
    }
}

impl<'w> ser::Serializer for &'w mut Writer {
    type Ok = ();
    type Error = CborError;
    type SerializeSeq = ArrayWriter<'w>;
    type SerializeTuple = ArrayWriter<'w>;
    type SerializeTupleStruct = ArrayWriter<'w>;
    type SerializeTupleVariant = ArrayWriter<'w>;
    type SerializeMap = MapWriter<'w>;
    type SerializeStruct = MapWriter<'w>;
    type SerializeStructVariant = MapWriter<'w>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<(), CborError> {
        self.out.push(if value { TRUE } else { FALSE });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), CborError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), CborError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), CborError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), CborError> {
        write_i64(&mut self.out, value);
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), CborError> {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => self.serialize_i64(i64::try_from(value).map_err(|_| CborError::IntegerTooLarge)?),
        }
    }

    fn serialize_u8(self, value: u8) -> Result<(), CborError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), CborError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), CborError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), CborError> {
        write_u64(&mut self.out, value);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), CborError> {
        self.serialize_u64(u64::try_from(value).map_err(|_| CborError::IntegerTooLarge)?)
    }

    fn serialize_f32(self, _: f32) -> Result<(), CborError> {
        Err(CborError::Float)
    }

    fn serialize_f64(self, _: f64) -> Result<(), CborError> {
        Err(CborError::Float)
    }

    fn serialize_char(self, value: char) -> Result<(), CborError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), CborError> {
        write_text(&mut self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), CborError> {
        write_bytes(&mut self.out, value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), CborError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CborError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CborError> {
        self.out.push(NULL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CborError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), CborError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), CborError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CborError> {
        let start = self.variant(variant)?;
        value.serialize(&mut *self)?;
        self.close(start, MAP, 1);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<ArrayWriter<'w>, CborError> {
        self.array()
    }

    fn serialize_tuple(self, _: usize) -> Result<ArrayWriter<'w>, CborError> {
        self.array()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<ArrayWriter<'w>, CborError> {
        self.array()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ArrayWriter<'w>, CborError> {
        let in_variant = Some(self.variant(variant)?);
        Ok(ArrayWriter { in_variant, ..self.array()? })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapWriter<'w>, CborError> {
        self.map()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<MapWriter<'w>, CborError> {
        self.map()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<MapWriter<'w>, CborError> {
        let in_variant = Some(self.variant(variant)?);
        Ok(MapWriter { in_variant, ..self.map()? })
    }
}

impl ser::SerializeSeq for ArrayWriter<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        self.item(value)
    }

    fn end(self) -> Result<(), CborError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTuple for ArrayWriter<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        self.item(value)
    }

    fn end(self) -> Result<(), CborError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTupleStruct for ArrayWriter<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        self.item(value)
    }

    fn end(self) -> Result<(), CborError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTupleVariant for ArrayWriter<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        self.item(value)
    }

    fn end(self) -> Result<(), CborError> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeMap for MapWriter<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CborError> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CborError> {
        self.value(value)
    }

    fn end(self) -> Result<(), CborError> {
        self.close()
    }
}

impl ser::SerializeStruct for MapWriter<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), CborError> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), CborError> {
        self.close()
    }
}

impl ser::SerializeStructVariant for MapWriter<'_> {
    type Ok = ();
    type Error = CborError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), CborError> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), CborError> {
        self.close()
    }
}

impl ser::Error for CborError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Type(message.to_string())
    }
}

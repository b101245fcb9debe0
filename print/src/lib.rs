//! Paper: notices and certificates as PDF through Typst.

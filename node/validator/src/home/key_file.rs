//! A key file: `{"scheme":"ed25519","publicKey","secretKey","address"}`, readable by its owner only.

use std::fmt;
use std::path::Path;

use heddle_types::Address;
use heddle_types::Hash32;
use heddle_types::PublicKey;
use heddle_types::SecretKey;
use serde_json::json;

use crate::home::FieldError;
use crate::home::HomeError;
use crate::home::HomeFile;
use crate::home::fields::Field;
use crate::home::fields::Fields;
use crate::home::file;
use crate::home::json;

const KNOWN: [&str; 4] = ["scheme", "publicKey", "secretKey", "address"];
/// The permissions of a key file.
const MODE: u32 = 0o600;

/// A secret key with what it is known by. Neither `Debug` nor any error shows the secret.
#[derive(Clone)]
pub struct KeyFile {
    secret: SecretKey,
    public_key: PublicKey,
}

impl KeyFile {
    /// Of a key.
    pub fn new(secret: SecretKey) -> Self {
        let public_key = secret.public_key();
        Self { secret, public_key }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// See [`HomeError`]; [`HomeError::Exposed`] when others than the owner may read or write it, before its contents
    /// are looked at.
    pub fn read(path: &Path) -> Result<Self, HomeError> {
        let contents = file::read(HomeFile::Key, path)?;
        if contents.mode & 0o077 != 0 {
            return Err(HomeError::Exposed { path: path.to_owned(), mode: contents.mode });
        }
        Self::parse(&contents.bytes).map_err(|error| HomeError::field(HomeFile::Key, path, error))
    }

    /// Reads the file's contents.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, FieldError> {
        let document = json::parse_json(bytes)?;
        let mut fields = Fields::document(document, &KNOWN)?;
        let scheme = fields.take("scheme")?;
        if scheme.text()? != "ed25519" {
            return Err(scheme.wrong("\"ed25519\""));
        }
        let key = Self::new(SecretKey::from_seed(seed(&fields.take("secretKey")?)?));
        let public_key = fields.take("publicKey")?;
        let Hash32(claimed) = public_key.parsed("64 hex digits")?;
        if PublicKey(claimed) != key.public_key {
            return Err(public_key.wrong(&format!("{}, the secret key's", key.public_key)));
        }
        let address = fields.take("address")?;
        if address.parsed::<Address>("64 hex digits")? != key.address() {
            return Err(address.wrong(&format!("{}, the secret key's", key.address())));
        }
        Ok(key)
    }

    /// Writes the file, which must not exist yet: a key that is overwritten is lost.
    ///
    /// # Errors
    /// [`HomeError::Exists`], [`HomeError::Io`].
    pub fn write_new(&self, path: &Path) -> Result<(), HomeError> {
        file::create(path, self.to_json().as_bytes(), MODE)
    }

    /// The secret key.
    pub const fn secret(&self) -> &SecretKey {
        &self.secret
    }

    /// The public key.
    pub const fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The account.
    pub const fn address(&self) -> Address {
        Address::of_key(&self.public_key)
    }

    fn to_json(&self) -> String {
        let value = json!({
            "scheme": "ed25519",
            "publicKey": self.public_key.to_string(),
            "secretKey": hex::encode(self.secret.to_seed()),
            "address": self.address().to_string(),
        });
        format!("{value:#}\n")
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyFile({})", self.public_key)
    }
}

fn seed(field: &Field) -> Result<[u8; 32], FieldError> {
    const EXPECTED: &str = "64 hex digits";
    let text = field.text().map_err(|_| field.wrong_as("no text", EXPECTED))?;
    text.parse::<Hash32>()
        .map(|hash| hash.0)
        // The parser's own error tells lengths and positions, never digits.
        .map_err(|error| field.wrong_as(&error.to_string(), EXPECTED))
}

//! RocksDB with this crate's tables, errors and settings.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use borsh::BorshDeserialize;
use heddle_types::Canonical;
use heddle_types::decode_exact;
use rocksdb::BlockBasedOptions;
use rocksdb::Cache;
use rocksdb::ColumnFamily;
use rocksdb::ColumnFamilyDescriptor;
use rocksdb::DB;
use rocksdb::DBRecoveryMode;
use rocksdb::Direction;
use rocksdb::IngestExternalFileOptions;
use rocksdb::IteratorMode;
use rocksdb::LogLevel;
use rocksdb::Options;
use rocksdb::ReadOptions;
use rocksdb::SstFileWriter;
use rocksdb::WriteBatch;
use rocksdb::WriteOptions;
use rocksdb::checkpoint::Checkpoint;

use crate::error::StorageError;
use crate::schema;

// Several validators share one machine: small buffers and caches, few threads, few files.
const WRITE_BUFFER_BYTES: usize = 16 << 20;
const ALL_WRITE_BUFFERS_BYTES: usize = 64 << 20;
const CACHE_BYTES: usize = 32 << 20;
const WAL_BYTES_MAX: u64 = 128 << 20;
const BACKGROUND_JOBS: i32 = 2;
const OPEN_FILES_MAX: i32 = 256;
/// Rows in one table file that is added as such.
const INGESTED_ROWS: usize = 1 << 19;
const LOG_FILES_MAX: usize = 2;
const LOG_FILE_BYTES_MAX: usize = 1 << 20;

/// Whether a write is on the disk when it returns.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Durability {
    /// It is, and all writes before it.
    Synced,
    /// It is in the log that the next synced write makes durable.
    Logged,
}

/// A key and its value.
pub(crate) type Row = (Box<[u8]>, Box<[u8]>);

/// The open database.
pub(crate) struct Tables {
    db: DB,
    path: PathBuf,
}

/// Changes to several tables that happen together or not at all.
pub(crate) struct Batch<'a> {
    tables: &'a Tables,
    batch: WriteBatch,
}

impl Tables {
    /// Opens what is there; makes a new one only if `create`.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, StorageError> {
        let cache = Cache::new_lru_cache(CACHE_BYTES);
        let tables =
            schema::TABLES.map(|name| ColumnFamilyDescriptor::new(name, table_options(&cache)));
        let mut options = database_options();
        options.create_if_missing(create);
        options.create_missing_column_families(create);
        let db = DB::open_cf_descriptors(&options, path, tables)
            .map_err(|error| StorageError::rocks(path, &error))?;
        let tables = Self { db, path: path.to_owned() };
        tables.check_files()?;
        Ok(tables)
    }

    /// Whether all table files are there as long as they were written: the database itself looks when it first reads one.
    fn check_files(&self) -> Result<(), StorageError> {
        let Some(found) = self.first_bad_file()? else { return Ok(()) };
        // A compaction may have removed one since it was listed.
        match self.first_bad_file()? {
            Some(again) if again == found => Err(self.corrupt(found)),
            Some(_) => self.check_files(),
            None => Ok(()),
        }
    }

    /// What is wrong with the first file that is not as it was written.
    fn first_bad_file(&self) -> Result<Option<String>, StorageError> {
        let files = self.db.live_files().map_err(|error| self.error(&error))?;
        for file in files {
            let name = file.name.trim_start_matches('/');
            let path = self.path.join(name);
            match fs::metadata(&path) {
                Ok(meta) if usize::try_from(meta.len()) == Ok(file.size) => {}
                Ok(meta) => {
                    let (found, size) = (meta.len(), file.size);
                    return Ok(Some(format!("file {name} with {found} bytes of {size}")));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Some(format!("no file {name}")));
                }
                Err(error) => return Err(StorageError::io(&path, &error)),
            }
        }
        Ok(None)
    }

    pub(crate) fn batch(&self) -> Batch<'_> {
        Batch { tables: self, batch: WriteBatch::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes at `key`.
    pub(crate) fn bytes(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.db.get_cf(self.table(table), key).map_err(|error| self.error(&error))
    }

    /// The bounded value at `key`.
    pub(crate) fn canonical<T: Canonical>(
        &self,
        table: &str,
        key: &[u8],
    ) -> Result<Option<T>, StorageError> {
        self.bytes(table, key)?.map(|bytes| self.decode_canonical(table, &bytes)).transpose()
    }

    /// The value at `key` of a type that only this crate stores.
    pub(crate) fn value<T: BorshDeserialize>(
        &self,
        table: &str,
        key: &[u8],
    ) -> Result<Option<T>, StorageError> {
        self.bytes(table, key)?.map(|bytes| self.decode(table, &bytes)).transpose()
    }

    pub(crate) fn decode_canonical<T: Canonical>(
        &self,
        table: &str,
        bytes: &[u8],
    ) -> Result<T, StorageError> {
        decode_exact(bytes).map_err(|error| self.corrupt(format!("table {table}: {error}")))
    }

    pub(crate) fn decode<T: BorshDeserialize>(
        &self,
        table: &str,
        bytes: &[u8],
    ) -> Result<T, StorageError> {
        T::try_from_slice(bytes).map_err(|error| self.corrupt(format!("table {table}: {error}")))
    }

    /// The rows from `first` on, ascending. For one pass over many: it leaves the cache alone.
    pub(crate) fn rows_from<'a>(
        &'a self,
        table: &str,
        first: &'a [u8],
    ) -> impl Iterator<Item = Result<Row, StorageError>> + 'a {
        let mut options = ReadOptions::default();
        options.set_verify_checksums(true);
        options.fill_cache(false);
        let mode = IteratorMode::From(first, Direction::Forward);
        let rows = self.db.iterator_cf_opt(self.table(table), options, mode);
        rows.map(|row| row.map_err(|error| self.error(&error)))
    }

    /// The rows up to `last`, descending.
    pub(crate) fn rows_down_from<'a>(
        &'a self,
        table: &str,
        last: &'a [u8],
    ) -> impl Iterator<Item = Result<Row, StorageError>> + 'a {
        let mode = IteratorMode::From(last, Direction::Reverse);
        let rows = self.db.iterator_cf(self.table(table), mode);
        rows.map(|row| row.map_err(|error| self.error(&error)))
    }

    /// The row with the highest key.
    pub(crate) fn last_row(&self, table: &str) -> Result<Option<Row>, StorageError> {
        let mut rows = self.db.iterator_cf(self.table(table), IteratorMode::End);
        rows.next().transpose().map_err(|error| self.error(&error))
    }

    /// Adds rows, ascending, to a table that has none, as table files: many times cheaper than to write them one by one.
    pub(crate) fn ingest(
        &self,
        table: &str,
        rows: &[(Vec<u8>, Vec<u8>)],
    ) -> Result<(), StorageError> {
        let options = table_options(&Cache::new_lru_cache(CACHE_BYTES));
        let mut files = Vec::new();
        for (number, part) in rows.chunks(INGESTED_ROWS).enumerate() {
            let path = self.path.join(format!("ingest-{number}.sst"));
            let write = || {
                let mut file = SstFileWriter::create(&options);
                file.open(&path)?;
                part.iter().try_for_each(|(key, value)| file.put(key, value))?;
                file.finish()
            };
            write().map_err(|error| StorageError::rocks(&path, &error))?;
            files.push(path);
        }
        if files.is_empty() {
            return Ok(());
        }
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        let added = self.db.ingest_external_file_cf_opts(self.table(table), &options, files);
        added.map_err(|error| self.error(&error))
    }

    /// Makes a copy in `dir`, which must not exist.
    pub(crate) fn checkpoint(&self, dir: &Path) -> Result<(), StorageError> {
        let made = Checkpoint::new(&self.db).and_then(|now| now.create_checkpoint(dir));
        made.map_err(|error| StorageError::rocks(dir, &error))
    }

    /// Moves everything from memory into table files.
    pub(crate) fn flush(&self) -> Result<(), StorageError> {
        for name in schema::TABLES {
            self.db.flush_cf(self.table(name)).map_err(|error| self.error(&error))?;
        }
        Ok(())
    }

    pub(crate) fn corrupt(&self, detail: impl Into<Box<str>>) -> StorageError {
        StorageError::corrupt(&self.path, detail)
    }

    fn error(&self, error: &rocksdb::Error) -> StorageError {
        StorageError::rocks(&self.path, error)
    }

    fn table(&self, name: &str) -> &ColumnFamily {
        self.db.cf_handle(name).expect("opened with all tables")
    }
}

impl Batch<'_> {
    pub(crate) fn put(&mut self, table: &str, key: &[u8], value: &[u8]) {
        self.batch.put_cf(self.tables.table(table), key, value);
    }

    pub(crate) fn delete(&mut self, table: &str, key: &[u8]) {
        self.batch.delete_cf(self.tables.table(table), key);
    }

    pub(crate) fn write(self, durability: Durability) -> Result<(), StorageError> {
        let mut options = WriteOptions::default();
        options.set_sync(matches!(durability, Durability::Synced));
        let written = self.tables.db.write_opt(self.batch, &options);
        written.map_err(|error| self.tables.error(&error))
    }
}

fn database_options() -> Options {
    let mut options = Options::default();
    options.set_paranoid_checks(true);
    // A record cut short at the log's end is what a crash leaves behind and was never acknowledged. Anything else wrong in
    // the log is damage to what was: point-in-time recovery would drop it and all after it without a word.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_db_write_buffer_size(ALL_WRITE_BUFFERS_BYTES);
    options.set_max_total_wal_size(WAL_BYTES_MAX);
    options.set_max_background_jobs(BACKGROUND_JOBS);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_keep_log_file_num(LOG_FILES_MAX);
    options.set_max_log_file_size(LOG_FILE_BYTES_MAX);
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options
}

fn table_options(cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_bloom_filter(10.0, false);
    blocks.set_format_version(5);
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_write_buffer_size(WRITE_BUFFER_BYTES);
    options.set_max_write_buffer_number(2);
    options.set_compression_type(rocksdb::DBCompressionType::Lz4);
    options
}

namespace Ingestion.Store;

/// <summary>The tables of <see cref="SqliteStore"/>, by the steps that brought them.</summary>
internal static class SqliteStoreSchema
{
    public static readonly string[] Steps =
    [
        """
        -- model and dimension: of the first committed vectors. changes: grows with every commit and delete; removals: its value at the last
        -- delete.
        CREATE TABLE collection(
          id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, model TEXT, dimension INTEGER NOT NULL DEFAULT 0,
          changes INTEGER NOT NULL DEFAULT 0, removals INTEGER NOT NULL DEFAULT 0, UNIQUE(tenant, name));

        -- state: 'staging' (some of its chunks may lack: a crash leaves it here), 'staged', 'visible', 'superseded' (a newer one took its
        -- place), 'dropped' (discarded or deleted: what is left of it is being removed).
        -- A version's chunks have the ids from first_chunk on, in order; ids are never used again. lineage: the document's first version.
        CREATE TABLE version(
          id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, document TEXT NOT NULL, task TEXT NOT NULL,
          state TEXT NOT NULL, number INTEGER NOT NULL DEFAULT 0, lineage INTEGER NOT NULL DEFAULT 0, change INTEGER NOT NULL DEFAULT 0,
          first_chunk INTEGER NOT NULL, chunk_count INTEGER NOT NULL, vector_count INTEGER NOT NULL DEFAULT 0, token_count INTEGER NOT NULL,
          model TEXT NOT NULL, dimension INTEGER NOT NULL DEFAULT 0,
          kept INTEGER NOT NULL DEFAULT 0, added INTEGER NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0,
          created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, content_length INTEGER NOT NULL, page_count INTEGER,
          title TEXT, description TEXT, language TEXT, tags TEXT NOT NULL, metadata TEXT, source TEXT NOT NULL, warnings TEXT NOT NULL,
          page_starts TEXT NOT NULL);
        CREATE INDEX version_document ON version(collection, document);
        CREATE UNIQUE INDEX version_visible ON version(collection, document) WHERE state='visible';
        CREATE INDEX version_change ON version(collection, change, lineage, id, first_chunk, chunk_count) WHERE state='visible';
        CREATE INDEX version_task ON version(task) WHERE state IN ('staging', 'staged');
        CREATE INDEX version_unseen ON version(state, updated_at) WHERE state<>'visible';

        CREATE TABLE content(version INTEGER PRIMARY KEY, text TEXT NOT NULL);
        CREATE TABLE chunk_sequence(next INTEGER NOT NULL);
        INSERT INTO chunk_sequence VALUES(1);
        CREATE TABLE chunk(
          id INTEGER PRIMARY KEY, chunk_id TEXT NOT NULL, words INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
          token_count INTEGER NOT NULL, page_start INTEGER NOT NULL, page_end INTEGER NOT NULL, headings TEXT NOT NULL);
        CREATE TABLE chunk_text(id INTEGER PRIMARY KEY, text TEXT NOT NULL);
        CREATE TABLE chunk_vector(id INTEGER PRIMARY KEY, numbers BLOB NOT NULL);

        CREATE VIRTUAL TABLE chunk_words USING fts5(terms, content='', contentless_delete=1, detail=none, tokenize="ascii tokenchars '!'");
        CREATE VIRTUAL TABLE chunk_terms USING fts5vocab(chunk_words, row);
        """,
        """
        -- preface: what is embedded before each chunk's text. parent_count: larger chunks that others are a part of; they have the ids after
        -- the version's chunks, level by level, and are neither searched nor embedded.
        ALTER TABLE version ADD COLUMN preface TEXT;
        ALTER TABLE version ADD COLUMN parent_count INTEGER NOT NULL DEFAULT 0;
        -- Only of chunks that have something of it. parent: the id of the larger chunk. header: the table's header rows, embedded first.
        CREATE TABLE chunk_context(
          id INTEGER PRIMARY KEY, level INTEGER NOT NULL, parent INTEGER, window_start INTEGER, window_end INTEGER,
          header_start INTEGER, header TEXT);
        """,
        """
        -- fingerprint: of the source's bytes and of all that was asked for. chunking: the chunker and its options.
        -- From now on 'superseded' versions are kept, to be brought back.
        ALTER TABLE version ADD COLUMN fingerprint TEXT;
        ALTER TABLE version ADD COLUMN chunking TEXT;
        """,
        """
        -- Of the visible versions, kept true wherever one comes or goes; bytes as the documents were sent.
        ALTER TABLE collection ADD COLUMN chunks INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE collection ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
        UPDATE collection SET (chunks, bytes) = (
          SELECT coalesce(sum(chunk_count), 0), coalesce(sum(json_extract(source, '$.Size')), 0)
          FROM version WHERE collection=collection.id AND state='visible');
        CREATE TRIGGER version_added AFTER INSERT ON version WHEN new.state='visible' BEGIN
          UPDATE collection SET chunks=chunks+new.chunk_count, bytes=bytes+json_extract(new.source, '$.Size') WHERE id=new.collection;
        END;
        CREATE TRIGGER version_shown AFTER UPDATE OF state ON version WHEN new.state='visible' AND old.state<>'visible' BEGIN
          UPDATE collection SET chunks=chunks+new.chunk_count, bytes=bytes+json_extract(new.source, '$.Size') WHERE id=new.collection;
        END;
        CREATE TRIGGER version_hidden AFTER UPDATE OF state ON version WHEN old.state='visible' AND new.state<>'visible' BEGIN
          UPDATE collection SET chunks=chunks-old.chunk_count, bytes=bytes-json_extract(old.source, '$.Size') WHERE id=old.collection;
        END;
        """,
        """
        -- Which store this is, for those who must be sure that they share it.
        CREATE TABLE store_identity(id TEXT NOT NULL);
        INSERT INTO store_identity VALUES(lower(hex(randomblob(16))));
        """,
    ];
}

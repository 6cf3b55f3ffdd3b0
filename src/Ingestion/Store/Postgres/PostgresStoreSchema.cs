namespace Ingestion.Store.Postgres;

/// <summary>The tables of <see cref="PostgresStore"/>, by the steps that brought them.</summary>
internal static class PostgresStoreSchema
{
    public static readonly string[] Steps =
    [
        """
        -- model and dimension: of the first committed vectors. chunks, words and bytes: of the visible versions.
        CREATE TABLE ingestion.collection(
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
          model text, dimension integer NOT NULL DEFAULT 0, chunks bigint NOT NULL DEFAULT 0, words bigint NOT NULL DEFAULT 0,
          bytes bigint NOT NULL DEFAULT 0, UNIQUE(tenant, name));

        -- state: 'staged', 'visible', 'superseded' (a newer one took its place; it can be brought back), 'dropped' (what is left of it is
        -- being removed). word_count: of its chunks. bytes: as the document was sent. Lists and metadata are JSON as it was given.
        CREATE TABLE ingestion.version(
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, collection bigint NOT NULL REFERENCES ingestion.collection,
          document text COLLATE "C" NOT NULL, task text COLLATE "C" NOT NULL, state text NOT NULL, number integer NOT NULL DEFAULT 0,
          chunk_count integer NOT NULL, parent_count integer NOT NULL, vector_count integer NOT NULL DEFAULT 0,
          token_count bigint NOT NULL, word_count bigint NOT NULL DEFAULT 0, bytes bigint NOT NULL,
          model text NOT NULL, dimension integer NOT NULL DEFAULT 0,
          kept integer NOT NULL DEFAULT 0, added integer NOT NULL DEFAULT 0, removed integer NOT NULL DEFAULT 0,
          created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, content_length integer NOT NULL, page_count integer,
          title text, description text, language text, tags text NOT NULL, metadata text, source text NOT NULL, warnings text NOT NULL,
          page_starts text NOT NULL, preface text, fingerprint text, chunking text);
        CREATE INDEX version_document ON ingestion.version(collection, document);
        CREATE UNIQUE INDEX version_visible ON ingestion.version(collection, document) WHERE state='visible';
        CREATE INDEX version_task ON ingestion.version(task) WHERE state='staged';
        CREATE INDEX version_unseen ON ingestion.version(state, updated_at) WHERE state<>'visible';

        CREATE TABLE ingestion.content(version bigint PRIMARY KEY, text text NOT NULL);

        -- place: in the version's chunks, from 0; then those of the larger chunks that they are a part of, level by level.
        -- level: NULL where the chunker says nothing around the chunk's text. parent: the place of the larger chunk.
        CREATE TABLE ingestion.chunk(
          version bigint NOT NULL, place integer NOT NULL, chunk_id text COLLATE "C" NOT NULL, start_at integer NOT NULL,
          end_at integer NOT NULL, token_count integer NOT NULL, page_start integer NOT NULL, page_end integer NOT NULL,
          headings text NOT NULL, text text NOT NULL, level integer, parent integer, window_start integer, window_end integer,
          header_start integer, header text, PRIMARY KEY(version, place));

        -- terms: one a word, with its collection, language and how often the chunk has it. Searching reads the index and the small rest
        -- of a row, so terms are kept beside it, not in it. PostgreSQL does so with rows of more than 2 KB only: blanks, which it then packs,
        -- make each that long.
        CREATE TABLE ingestion.chunk_words(
          version bigint NOT NULL, place integer NOT NULL, words integer NOT NULL, terms tsvector NOT NULL,
          blanks text GENERATED ALWAYS AS (repeat(' ', 2000)) STORED, PRIMARY KEY(version, place)) WITH (toast_tuple_target=128);
        ALTER TABLE ingestion.chunk_words ALTER terms SET STORAGE EXTERNAL, ALTER blanks SET STORAGE MAIN;
        -- New entries wait in a list and go into the index together, at the end of each version: every search goes through that list.
        CREATE INDEX chunk_terms ON ingestion.chunk_words USING gin(terms) WITH (fastupdate=on);

        -- Of any dimension: a large collection gets an index of its own.
        CREATE TABLE ingestion.chunk_vector(
          version bigint NOT NULL, place integer NOT NULL, collection bigint NOT NULL, embedding vector NOT NULL,
          PRIMARY KEY(version, place));

        -- Which store this is, for those who must be sure that they share it.
        CREATE TABLE ingestion.store_identity(id text NOT NULL);
        INSERT INTO ingestion.store_identity VALUES(replace(gen_random_uuid()::text, '-', ''));
        """,
        """
        -- Vectors that were paid for, of texts that may come again. key: hash of tenant, model and text. used_by: hash of the document that
        -- used it last.
        CREATE TABLE ingestion.embedding_cache(
          key bytea PRIMARY KEY, used_by bytea NOT NULL, used_at timestamptz NOT NULL, numbers bytea NOT NULL);
        CREATE INDEX embedding_cache_user ON ingestion.embedding_cache(used_by);
        CREATE INDEX embedding_cache_used ON ingestion.embedding_cache(used_at);
        """,
    ];
}

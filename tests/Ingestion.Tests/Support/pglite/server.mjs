// PostgreSQL with pgvector on 127.0.0.1, at the port that is given; says when it is there.
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

const db = await PGlite.create({ extensions: { vector } })
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: Number(process.argv[2]) })
await server.start()
console.log('ready')
// Whoever started it holds its input open; once that is closed, nobody needs it.
process.stdin.on('end', () => process.exit(0)).resume()

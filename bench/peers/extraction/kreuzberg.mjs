// Reads the files given twice and prints the seconds that the second time took.
import { extractFileSync } from '@kreuzberg/node';

const files = process.argv.slice(2);
let done = 0;
const read = () => {
  for (const file of files) {
    try {
      extractFileSync(file);
      done++;
    } catch {
      // What it cannot read costs it nothing.
    }
  }
};
read();
if (done === 0) process.exit(1); // Its native part does not run here.
const start = performance.now();
read();
console.log(((performance.now() - start) / 1000).toFixed(3));

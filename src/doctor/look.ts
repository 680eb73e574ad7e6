import {
  type Diagnosis,
  type DoctorCheck,
  diagnosis,
  doubtful,
  failing,
} from '../domain/doctor/diagnosis.js';
import { HoldfastError, messageOf } from '../domain/errors.js';

/** Makes a check: what it throws is what it found, so that no check keeps the others from being made. */
export async function look(
  check: DoctorCheck,
  cluster: string,
  work: () => Promise<Diagnosis> | Diagnosis,
): Promise<Diagnosis> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HoldfastError)) {
      const words = messageOf(error);
      return diagnosis(check, cluster, doubtful(`could not be looked at: ${words}`, ''));
    }
    return diagnosis(check, cluster, failing(error.type, error.message, error.remedy ?? ''));
  }
}
